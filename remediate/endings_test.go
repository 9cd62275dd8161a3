package remediate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestWhatSomebodyFixedFirstIsSuperseded(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b *iampb.Binding) bool { return slices.Contains(b.Members, "allUsers") })
	})
	g.want(g.one(), state.Superseded, "already fixed")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAnOpenQuestionEndsWhenSomebodyFixesIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Pending, "")
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b *iampb.Binding) bool { return slices.Contains(b.Members, "allUsers") })
	})
	g.deliver()
	g.want(g.stored(f.ID), state.Superseded, "already fixed")
}

func TestWhatWasKeptIsNotRaisedAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: "user:ada@example.com", Digest: f.Plan.Digest[:8], Reason: "by design"})
	g.must(err)
	g.editPolicy(apiPath, func(*iampb.Policy) {}) // what every gcloud deploy does
	for _, c := range g.events() {
		o, err := g.Handle(t.Context(), c)
		g.must(err)
		if o.Kind != remediate.Settled {
			t.Errorf("outcome %s with %d findings, want settled", o.Kind, len(o.Findings))
		}
	}
	g.pass(31 * 24 * time.Hour)
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	g.want(g.one(), state.Pending, "")
}

func TestTheSameChangeAgainJoinsTheOpenQuestion(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	first := g.one()
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	again := g.one()
	if again.ID != first.ID {
		t.Errorf("a second finding %s, want the first %s to be joined", again.ID, first.ID)
	}
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	fs := g.deliver()
	if len(fs) != 1 || fs[0].ID == first.ID {
		t.Fatalf("findings %+v, want a new one: the plan is another", fs)
	}
	g.want(g.stored(first.ID), state.Superseded, "another plan")
}

func TestAFindingNobodyCouldBeToldOfIsToldLater(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.told.failing = errors.New("slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reverted, "")
	if !f.Owes(finding.Notify) || f.DueAt.IsZero() {
		t.Fatalf("outbox %v, due %v; want the notice to be still owed", f.Outbox, f.DueAt)
	}
	g.told.failing = nil
	g.pass(f.DueAt.Sub(g.Clock()))
	_, err := g.Sweep(t.Context())
	g.must(err)
	if f = g.stored(f.ID); f.Owes(finding.Notify) || len(g.told.states) != 1 {
		t.Errorf("outbox %v, told %v; want it told once", f.Outbox, g.told.states)
	}
}

func TestASilentQuestionEndsAsConfigured(t *testing.T) {
	t.Parallel()
	for expiry, want := range map[remediate.Expiry]state.State{
		remediate.LeaveOnExpiry: state.Expired, remediate.RevertOnExpiry: state.Reverted,
	} {
		t.Run(string(expiry), func(t *testing.T) {
			g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.OnExpiry = expiry })
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			f := g.one()
			g.pass(time.Hour)
			_, err := g.Sweep(t.Context())
			g.must(err)
			f = g.stored(f.ID)
			g.want(f, want, "")
			said := slices.ContainsFunc(f.Timeline, func(e trail.Event) bool { return strings.HasPrefix(e.What, "nobody answered") })
			if !said || f.Automatic != (want == state.Reverted) {
				t.Errorf("timeline %v, automatic %v; want it to say that nobody answered", f.Timeline, f.Automatic)
			}
		})
	}
}
