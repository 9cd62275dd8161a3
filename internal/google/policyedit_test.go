package google

import (
	"math/rand/v2"
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// newer gives a message a field that its type does not have yet.
func newer[M proto.Message](m M, text string) M {
	m.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 4095, protowire.BytesType), text))
	return m
}

// A policy as a later version of IAM may send it.
func policyOfTomorrow() *iampb.Policy {
	return newer(&iampb.Policy{
		Version: 3, Etag: []byte("one"),
		Bindings: []*iampb.Binding{
			newer(binding("roles/run.invoker", newer(&expr.Expr{Title: working.Title, Expression: working.Expression}, "in the condition"),
				"user:ada@example.com", "user:eve@example.com"), "in the binding"),
			newer(binding("roles/run.admin", nil, "user:ada@example.com"), "in another binding"),
			binding("roles/run.invoker", nil, "allUsers", "user:eve@example.com"),
			binding("roles/run.viewer", nil, "user:eve@example.com", "user:eve@example.com"),
		},
	}, "in the policy")
}

// written is the policy that is sent to have the deltas made of it.
func written(t *testing.T, stored *iampb.Policy, ds ...cloud.Delta) (*iampb.Policy, error) {
	t.Helper()
	w := newWorld(t, sim.Options{})
	w.answer("Services/GetIamPolicy", func(any) (any, error) { return stored, nil })
	var sent *iampb.Policy
	w.answer("Services/SetIamPolicy", func(req any) (any, error) {
		sent = req.(*iampb.SetIamPolicyRequest).GetPolicy()
		return sent, nil
	})
	p, err := w.client.Policy(t.Context(), service)
	must(t, err)
	next, _ := p.Apply(ds)
	return sent, w.client.SetPolicy(t.Context(), service, next)
}

func TestAWriteKeepsWhatThisVersionDoesNotKnow(t *testing.T) {
	eve := cloud.Grant{Role: "roles/run.invoker", Member: "user:eve@example.com", Condition: working}
	public := cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	for name, tt := range map[string]struct {
		delta cloud.Delta
		edit  func(*iampb.Policy) // by hand
	}{
		"a grant without unknown fields goes": {cloud.Delta{Action: cloud.Remove, Grant: public}, func(p *iampb.Policy) { p.Bindings[2].Members = []string{"user:eve@example.com"} }},
		"one beside unknown fields goes":      {cloud.Delta{Action: cloud.Remove, Grant: eve}, func(p *iampb.Policy) { p.Bindings[0].Members = []string{"user:ada@example.com"} }},
		"a member is added beside them": {cloud.Delta{Action: cloud.Add, Grant: cloud.Grant{Role: eve.Role, Member: "user:bob@example.com", Condition: working}},
			func(p *iampb.Policy) { p.Bindings[0].Members = append(p.Bindings[0].Members, "user:bob@example.com") }},
		"a binding is added": {cloud.Delta{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/viewer", Member: "user:bob@example.com", Condition: working}},
			func(p *iampb.Policy) {
				p.Bindings = append(p.Bindings, binding("roles/viewer", &expr.Expr{Title: working.Title, Expression: working.Expression}, "user:bob@example.com"))
			}},
		"the last member of a binding goes": {cloud.Delta{Action: cloud.Remove, Grant: cloud.Grant{Role: "roles/run.admin", Member: "user:ada@example.com"}},
			func(p *iampb.Policy) { p.Bindings = slices.Delete(p.Bindings, 1, 2) }},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := written(t, policyOfTomorrow(), tt.delta)
			must(t, err)
			want := policyOfTomorrow()
			tt.edit(want)
			if d := cmp.Diff(want, sent, protocmp.Transform()); d != "" {
				t.Errorf("sent (-want +got):\n%s", d)
			}
		})
	}
}

func TestAGrantThatCannotBeToldFromAnotherIsNotWritten(t *testing.T) {
	p := policyOfTomorrow()
	p.Bindings = append(p.Bindings, binding("roles/run.admin", nil, "user:ada@example.com"))
	sent, err := written(t, p, cloud.Delta{Action: cloud.Remove, Grant: cloud.Grant{Role: "roles/run.admin", Member: "user:ada@example.com"}})
	wantError(t, err, fault.ErrRefused)
	if sent != nil {
		t.Errorf("sent %v", sent)
	}
}

// Whatever a policy holds, a write and the write that takes it back leave every
// binding that neither names as it was, to the byte.
func TestAWriteTouchesNoBindingThatItDoesNotName(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 1))
	roles := []string{"roles/a", "roles/b", "roles/c"}
	members := []string{"allUsers", "user:ada@example.com", "user:eve@example.com"}
	for range 300 {
		stored := &iampb.Policy{Version: 3, Etag: []byte("one")}
		for i := range 1 + rng.IntN(4) {
			b := binding(roles[rng.IntN(len(roles))], nil, members[rng.IntN(len(members))])
			if rng.IntN(2) == 0 {
				b.Condition = &expr.Expr{Title: roles[i%3], Expression: "true"}
			}
			if rng.IntN(3) == 0 {
				newer(b, "of tomorrow")
			}
			stored.Bindings = append(stored.Bindings, b)
		}
		p := fromPolicy(stored)
		gs := p.Grants()
		named := gs[rng.IntN(len(gs))]
		next, _ := p.Apply(cloud.Deltas(cloud.Remove, []cloud.Grant{named}))
		got, err := edited(next)
		if err != nil {
			continue // two that cannot be told apart
		}
		for _, b := range stored.GetBindings() {
			if b.GetRole() == named.Role && conditionOf(b) == named.Condition {
				continue
			}
			if !slices.ContainsFunc(got.GetBindings(), func(o *iampb.Binding) bool { return proto.Equal(b, o) }) {
				t.Fatalf("without %v the policy lost %v:\n%v", named, b, got)
			}
		}
		if d := cmp.Diff(next.Grants(), fromPolicy(got).Grants()); d != "" {
			t.Fatalf("grants (-want +got):\n%s", d)
		}
	}
}
