package remediate_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// people is a directory with one group, which can be out of reach.
type people struct {
	members []string
	failing bool
	fresh   []bool // what was asked for
}

func (d *people) Approver(_ context.Context, principal string, fresh bool) (authority.Membership, error) {
	d.fresh = append(d.fresh, fresh)
	switch {
	case d.failing:
		return authority.Membership{}, errors.New("unavailable")
	case slices.Contains(d.members, principal):
		return authority.Membership{Standing: authority.Approver}, nil
	}
	return authority.Membership{Standing: authority.NoApprover}, nil
}

// approvedBy is a finding that a member of the group had reverted, not yet
// carried out.
func approvedBy(t *testing.T, who string) (*rig, *people, finding.Finding) {
	t.Helper()
	d := &people{members: []string{who}}
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		c.Authority = authority.Authority{Directory: d}
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.answer(g.one(), finding.ChooseRevert, who)
	if f.State != state.Approved {
		t.Fatalf("%s: %s", f.State, f.Why)
	}
	return g, d, f
}

func TestAnApprovalIsCountedAgainBeforeItIsCarriedOut(t *testing.T) {
	t.Parallel()
	g, d, f := approvedBy(t, bob)
	d.members = nil // who left the group in between
	f, err := g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Superseded, "the approval no longer holds, 0 of 1 votes count ("+bob+" is no approver any more)")
	if n := g.writes(); n > 0 {
		t.Errorf("%d writes on an approval that no longer holds", n)
	}
	if again := g.scanOne(apiService); again.State != state.Pending {
		t.Errorf("what is still so is %s after the next scan, want asked anew", again.State)
	}
}

func TestAnApprovalThatCannotBeCountedWaits(t *testing.T) {
	t.Parallel()
	g, d, f := approvedBy(t, bob)
	d.failing = true
	for range 3 {
		f, err := g.Work(t.Context(), f.ID)
		g.must(err)
		g.want(f, state.Approved, "waits: whether "+bob+" still may approve it could not be looked up")
		if !f.Owes(finding.Apply) || !f.DueAt.After(g.Clock()) {
			t.Errorf("owes %v, due %s; want it to be tried again", f.Outbox, f.DueAt)
		}
		g.pass(f.DueAt.Sub(g.Clock()))
	}
	if n := g.writes(); n > 0 {
		t.Errorf("%d writes on an approval that nobody could count", n)
	}
	d.failing = false
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.pass(time.Hour)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Reverted, "verified")
}

func TestARaisingAnswerIsNotDecidedOnWhatWasReadBefore(t *testing.T) {
	t.Parallel()
	d := &people{members: []string{ada}}
	g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.Authority = authority.Authority{Directory: d} })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.answer(g.one(), finding.ChooseKeep, ada)
	g.want(f, state.Kept, "")
	if !slices.Equal(d.fresh, []bool{true}) {
		t.Errorf("asked for fresh: %v, want once, fresh", d.fresh)
	}
}

func TestPauseTakesAMemberWhoCanBeLookedUp(t *testing.T) {
	t.Parallel()
	d := &people{members: []string{ada}}
	g := newRig(t, nil, func(c *setup) { c.Authority = authority.Authority{Directory: d} })
	_, err := g.Desk().Pause(t.Context(), bob, "cli", "a release", time.Hour)
	refused(t, err, "not an approver")
	d.failing = true
	_, err = g.Desk().Pause(t.Context(), ada, "cli", "a release", time.Hour)
	refused(t, err, "that is not a no")
	d.failing = false
	_, err = g.Desk().Pause(t.Context(), ada, "cli", "a release", time.Hour)
	g.must(err)
}
