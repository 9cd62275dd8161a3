package remediate_test

import (
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Taken with its condition, then given without: neither entry alone says so. Cloud Run's
// say nothing of what was taken at all.
func TestAConditionThatIsLostInTwoChangesIsAskedAbout(t *testing.T) {
	t.Parallel()
	for _, resource := range []string{"projects/pay-prod", apiPath} {
		g := newRig(t, set{lostCondition: policies.Revert})
		invokers := func(bs ...*iampb.Binding) {
			g.editAny(resource, func(p *iampb.Policy) { p.Bindings = bs })
		}
		pat := &iampb.Binding{Role: "roles/run.invoker", Members: []string{"user:pat@example.com"}}
		eve := []string{"user:eve@example.com"}
		invokers(pat, &iampb.Binding{Role: "roles/run.invoker", Members: eve, Condition: pilot})
		g.deliver()
		invokers(pat)
		if fs := g.deliver(); len(fs) > 0 {
			t.Fatalf("%s: taking a grant is found: %+v", resource, fs)
		}
		invokers(&iampb.Binding{Role: "roles/run.invoker", Members: slices.Concat(pat.Members, eve)})
		f := g.one()
		g.want(f, state.Pending, "the condition was taken away by an earlier change")
		if s := f.Plan.Steps; len(s) != 1 || len(s[0].Before.Grants) != 1 || s[0].After.Grants[0].Condition.Expression != pilot.Expression {
			t.Errorf("%s: plan %+v", resource, s)
		}
		g.want(g.approve(f), state.Reverted, "")
		// What follows leaves it there, or adds what never had one.
		invokers(pat, &iampb.Binding{Role: "roles/run.invoker", Members: eve, Condition: pilot}, &iampb.Binding{Role: "roles/run.invoker", Members: []string{"user:joe@example.com"}})
		if fs := g.deliver(); len(fs) > 0 {
			t.Errorf("%s: %+v", resource, fs)
		}
	}
}
