package google

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// edited is the message that the policy was read as, with the policy's grants. What
// differs is found grant by grant: bindings that hold the same grants as before stay
// as they are, fields included that nobody here knows.
func edited(p cloud.AllowPolicy) (*iampb.Policy, error) {
	read, ok := p.Read.(*iampb.Policy)
	switch {
	case p.Etag == "":
		return nil, errors.New("it has no etag, and a write without one overwrites what others do")
	case p.HidesConditions():
		return nil, errors.New("it was read below version 3, and writing it would drop its conditions")
	case !ok:
		return nil, errors.New("it was not read from Google, so what it holds beside its grants is not known")
	case p.Etag != base64.StdEncoding.EncodeToString(read.GetEtag()):
		return nil, errors.New("its etag is not the one it was read with")
	}
	out := proto.CloneOf(read)
	was, is := fromPolicy(read).Grants(), p.Grants()
	for _, g := range was {
		if slices.Contains(is, g) {
			continue
		}
		if err := remove(out, g); err != nil {
			return nil, err
		}
	}
	for _, g := range is {
		if slices.Contains(was, g) {
			continue
		}
		if err := add(out, g); err != nil {
			return nil, err
		}
	}
	if p.Conditional() {
		out.Version = policyVersion
	}
	return out, nil
}

// remove takes the member out of the bindings that grant it the role under the
// condition; one that is empty then goes.
func remove(p *iampb.Policy, g cloud.Grant) error {
	bs, err := bindingsOf(p, g)
	if err != nil {
		return err
	}
	for _, b := range bs {
		b.Members = slices.DeleteFunc(b.GetMembers(), func(m string) bool { return m == string(g.Member) })
	}
	p.Bindings = slices.DeleteFunc(p.GetBindings(), func(b *iampb.Binding) bool {
		return len(b.GetMembers()) == 0 && slices.Contains(bs, b)
	})
	return nil
}

// add puts the member into the binding of that role and condition, which it makes
// if need be.
func add(p *iampb.Policy, g cloud.Grant) error {
	bs, err := bindingsOf(p, g)
	if err != nil {
		return err
	}
	if len(bs) > 0 {
		bs[0].Members = append(bs[0].GetMembers(), string(g.Member))
		return nil
	}
	b := &iampb.Binding{Role: g.Role, Members: []string{string(g.Member)}}
	if c := g.Condition; c != (cloud.Condition{}) {
		b.Condition = &expr.Expr{Title: c.Title, Description: c.Description, Expression: c.Expression, Location: c.Location}
	}
	p.Bindings = append(p.GetBindings(), b)
	return nil
}

// bindingsOf are the bindings of the grant's role and condition. Where there are
// several, and one says more than this version of rescind knows, it cannot be told
// which of them is meant: then nothing is written.
func bindingsOf(p *iampb.Policy, g cloud.Grant) (out []*iampb.Binding, err error) {
	unclear := false
	for _, b := range p.GetBindings() {
		if b.GetRole() == g.Role && conditionOf(b) == g.Condition {
			out = append(out, b)
			unclear = unclear || unknown(b) || unknown(b.GetCondition())
		}
	}
	if unclear && len(out) > 1 {
		return nil, fmt.Errorf("%d bindings of %s differ in fields that this version of rescind does not know: change it by hand, or with a newer rescind", len(out), g.Role)
	}
	return out, nil
}

// unknown reports whether the message has fields that its type does not.
func unknown(m proto.Message) bool { return len(m.ProtoReflect().GetUnknown()) > 0 }
