// Package forms takes log entries out of what they were wrapped in on their way: the
// messages of Pub/Sub, CloudEvents, answers of the Logging API, rows of BigQuery and of
// Log Analytics, the events of Splunk, Elasticsearch, Filebeat and Logstash, and exports
// that spell keys in snake case.
//
// It promises that an entry which it returns says what the wrapped one said: keys are
// renamed and bodies that were stored as text become JSON again, and no value is made up.
// What holds no whole entry is named, with what to do instead. It judges nothing: whoever
// decodes an entry tells what it lacks.
package forms

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrNone is the error for an object of no form that is known.
var ErrNone = errors.New("no log entry: it has none of logName, timestamp, insertId and protoPayload")

// mostLayers is how many forms may be within each other: a CloudEvent of a Pub/Sub message
// of a BigQuery row is three.
const mostLayers = 6

// Open returns the entries within an object that is no log entry, and the name of the
// outermost form. The error says what the object is and what to do, and is ErrNone where
// that is not known.
func Open(raw []byte) (entries [][]byte, form string, err error) {
	return open(raw, mostLayers)
}

func open(raw []byte, layers int) (entries [][]byte, form string, err error) {
	var o object
	if json.Unmarshal(raw, &o) != nil || o == nil {
		return nil, "", ErrNone
	}
	for _, f := range all {
		if !f.is(o) {
			continue
		}
		if f.open == nil || layers == 0 {
			return nil, f.name, fmt.Errorf("%s: %s", f.name, f.instead)
		}
		var found [][]byte
		for _, inner := range f.open(o) {
			es, err := within(inner, layers-1)
			if err != nil && !errors.Is(err, ErrNone) {
				return nil, f.name, fmt.Errorf("%s, which holds %w", f.name, err)
			}
			found = append(found, es...)
		}
		if len(found) == 0 {
			return nil, f.name, fmt.Errorf("%s in which there is no whole log entry: %s", f.name, f.instead)
		}
		return found, f.name, nil
	}
	return nil, "", ErrNone
}

// within returns the entries of a value: an entry, a form, a list of them, or one of those
// as text, in base64 too.
func within(raw json.RawMessage, layers int) ([][]byte, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 {
		return nil, ErrNone
	}
	switch raw[0] {
	case '{':
		if isEntry(raw) {
			return [][]byte{raw}, nil
		}
		entries, _, err := open(raw, layers)
		return entries, err
	case '[':
		var list []json.RawMessage
		if layers == 0 || json.Unmarshal(raw, &list) != nil {
			return nil, ErrNone
		}
		var out [][]byte
		for _, e := range list {
			es, err := within(e, layers-1)
			if err != nil {
				return nil, err
			}
			out = append(out, es...)
		}
		return out, nil
	case '"':
		var text string
		if layers == 0 || json.Unmarshal(raw, &text) != nil {
			return nil, ErrNone
		}
		return within(unpacked(text), layers-1)
	}
	return nil, ErrNone
}

// isEntry reports whether an object is a log entry itself.
func isEntry(raw []byte) bool {
	var o object
	return json.Unmarshal(raw, &o) == nil && o.has("protoPayload") && !o.has("specversion")
}

// unpacked is JSON that stands in a text: as it is, or in base64, or gzipped in base64.
func unpacked(text string) json.RawMessage {
	if looksLikeJSON([]byte(text)) {
		return json.RawMessage(text)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		b, err := e.DecodeString(text)
		if err != nil {
			continue
		}
		if zr, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			const most = 16 << 20
			if b, err = io.ReadAll(io.LimitReader(zr, most)); err != nil {
				return nil
			}
		}
		if looksLikeJSON(b) {
			return b
		}
	}
	return nil
}

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 0 && (b[0] == '{' || b[0] == '[') && json.Valid(b)
}

// object is a JSON object whose values are not looked at yet.
type object map[string]json.RawMessage

func (o object) has(key string) bool { return len(o[key]) > 0 }

func (o object) hasAny(keys ...string) bool {
	for _, k := range keys {
		if o.has(k) {
			return true
		}
	}
	return false
}

// object is the object under the key, nil where there is none.
func (o object) object(key string) object {
	var v object
	_ = json.Unmarshal(o[key], &v) // what is none has no keys
	return v
}

// list are the values under the keys, those that are there.
func (o object) list(keys ...string) []json.RawMessage {
	var out []json.RawMessage
	for _, k := range keys {
		if o.has(k) {
			out = append(out, o[k])
		}
	}
	return out
}
