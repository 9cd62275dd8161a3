package assets

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
)

// Request is a SearchAllResourcesRequest whose answer has names alone.
// https://cloud.google.com/asset-inventory/docs/reference/rpc/google.cloud.asset.v1#searchallresourcesrequest
type Request struct {
	Scope     string   // a project, folder or organization, such as "folders/1"
	Query     string   // empty for everything
	Types     []string // asset types, or expressions that match some
	PageSize  int32    // 0 for as many as Google likes
	PageToken string   // empty for the first page
}

// Page is a part of the answer.
type Page struct {
	Names []string // full resource names, such as "//run.googleapis.com/..."
	Next  string   // the token of the next page; empty after the last
}

// The numbers of the fields, which are the same on the wire as in Google's types.
const (
	scopeField, queryField, typesField, sizeField, tokenField, maskField = 1, 2, 3, 4, 5, 8

	resultsField, nextField = 1, 2 // of the answer
	nameField               = 1    // of a result
	pathsField              = 1    // of a field mask
)

// message is a message that travels as what it is on the wire: the fields of an
// Empty, which knows none, are kept and sent as they are. It tells who limits
// requests what it is about.
type message struct {
	*emptypb.Empty
	scope string
}

// GetScope is what the request is about.
func (m message) GetScope() string { return m.scope }

func newMessage(wire []byte, scope string) message {
	m := message{&emptypb.Empty{}, scope}
	m.ProtoReflect().SetUnknown(wire)
	return m
}

func (r Request) message() message {
	var b []byte
	b = appendText(b, scopeField, r.Scope)
	b = appendText(b, queryField, r.Query)
	for _, t := range r.Types {
		b = appendText(b, typesField, t)
	}
	if r.PageSize != 0 {
		b = protowire.AppendVarint(protowire.AppendTag(b, sizeField, protowire.VarintType), uint64(r.PageSize))
	}
	b = appendText(b, tokenField, r.PageToken)
	return newMessage(appendText(b, maskField, string(appendText(nil, pathsField, "name"))), r.Scope)
}

func readRequest(m *emptypb.Empty) (r Request, err error) {
	err = eachField(m.ProtoReflect().GetUnknown(), func(n protowire.Number, text string, number uint64) error {
		switch n {
		case scopeField:
			r.Scope = text
		case queryField:
			r.Query = text
		case typesField:
			r.Types = append(r.Types, text)
		case sizeField:
			r.PageSize = int32(number)
		case tokenField:
			r.PageToken = text
		}
		return nil
	})
	return r, err
}

func (p Page) message() message {
	var b []byte
	for _, name := range p.Names {
		b = appendText(b, resultsField, string(appendText(nil, nameField, name)))
	}
	return newMessage(appendText(b, nextField, p.Next), "")
}

func readPage(m *emptypb.Empty) (p Page, err error) {
	err = eachField(m.ProtoReflect().GetUnknown(), func(n protowire.Number, text string, _ uint64) error {
		switch n {
		case nextField:
			p.Next = text
		case resultsField:
			name, err := nameOf(text)
			p.Names = append(p.Names, name)
			return err
		}
		return nil
	})
	return p, err
}

func nameOf(result string) (name string, err error) {
	err = eachField([]byte(result), func(n protowire.Number, text string, _ uint64) error {
		if n == nameField {
			name = text
		}
		return nil
	})
	return name, err
}

func appendText(b []byte, n protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), text)
}

// eachField visits the fields that are text, bytes or a message, and those that
// are a number; it skips others.
func eachField(wire []byte, visit func(n protowire.Number, text string, number uint64) error) error {
	for len(wire) > 0 {
		n, kind, size := protowire.ConsumeField(wire)
		if size < 0 {
			return fmt.Errorf("read a message of the Asset API: %w", protowire.ParseError(size))
		}
		_, _, tag := protowire.ConsumeTag(wire)
		var text []byte
		var number uint64
		switch value := wire[tag:size]; kind {
		case protowire.BytesType:
			text, _ = protowire.ConsumeBytes(value)
		case protowire.VarintType:
			number, _ = protowire.ConsumeVarint(value)
		}
		if err := visit(n, string(text), number); err != nil {
			return err
		}
		wire = wire[size:]
	}
	return nil
}
