package remediate_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	godiff "github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestWhoMayUndoAndWhen(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Authority.Approvers[bob] = true })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	answer := func(change func(*finding.Answer)) error {
		a := undoBy(ada, f)
		change(&a)
		_, err := g.Answer(t.Context(), f.ID, a)
		return err
	}
	refused(t, answer(func(a *finding.Answer) { a.Principal = "user:" + mallory }), "made this change and cannot undo it")
	refused(t, answer(func(a *finding.Answer) { a.Principal = "user:eve@example.com" }), "is not an approver")
	refused(t, answer(func(a *finding.Answer) { a.Reason = " " }), "takes a reason")
	refused(t, answer(func(a *finding.Answer) { a.Reason = strings.Repeat("é", 501) }), "at most 500")
	refused(t, answer(func(a *finding.Answer) { a.Digest = f.Plan.Digest }), "the plan changed")
	g.pass(24*time.Hour + time.Second)
	refused(t, answer(func(*finding.Answer) {}), "can be undone for 24h")
	if all, err := g.Store.Findings(t.Context(), finding.Query{}); err != nil || len(all) != 1 {
		t.Errorf("%d findings (%v), want none made by refused answers", len(all), err)
	}
}

func TestWhatWroteNothingHasNothingToUndo(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, undoBy(ada, f))
	refused(t, err, "no revert yet")
	f, err = g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Digest: f.Plan.Digest, Reason: "by design"})
	g.must(err)
	_, err = g.Answer(t.Context(), f.ID, undoBy(ada, f))
	refused(t, err, "rescind changed nothing")
}

func TestAnUndoByTwoTakesTwoAndSilenceUndoesNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.Authority.Approvers[bob] = true
		c.Authority.Quorum = map[finding.Choice]int{finding.ChooseUndo: 2}
		c.OnExpiry = remediate.RevertOnExpiry
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	first, err := g.Answer(t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	g.want(first, state.Pending, "1 of 2")
	_, err = g.Answer(t.Context(), f.ID, undoBy(ada, f))
	refused(t, err, "already answered")
	_, err = g.Answer(t.Context(), first.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: bob, Digest: first.Plan.Digest})
	refused(t, err, "unknown answer")
	g.want(g.sweepAt(first), state.Pending, "1 of 2") // shown
	g.pass(first.ExpiresAt.Sub(g.Clock()))
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(first.ID), state.Expired, "nobody answered: left as it is")

	second, err := g.Answer(t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	second, err = g.Answer(t.Context(), second.ID, undoBy(bob, f)) // by the undo's own id
	g.must(err)
	g.want(second, state.Approved, "")
	u, err := g.Work(t.Context(), second.ID)
	g.must(err)
	g.want(u, state.Undone, "")
}

func TestAnUndoOfAnUnknownActorsChangeTakesTwo(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Authority.Approvers[bob] = true })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	c.Actor.Principal = ""
	out, err := g.Handle(t.Context(), c)
	g.must(err)
	f := g.stored(out.Findings[0].ID)
	g.want(f, state.Reverted, "")
	u, err := g.Answer(t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	g.want(u, state.Pending, "1 of 2")
	u, err = g.Answer(t.Context(), f.ID, undoBy(bob, f))
	g.must(err)
	g.want(u, state.Approved, "")
}

func TestOfManyWhoUndoAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	for i := range 8 {
		g.Authority.Approvers[fmt.Sprintf("user:%d@example.com", i)] = true
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.events()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			u, err := g.Answer(t.Context(), f.ID, undoBy(fmt.Sprintf("user:%d@example.com", i), f))
			if err == nil {
				_, err = g.Work(t.Context(), u.ID)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
	undone, err := g.Store.Findings(t.Context(), finding.Query{States: []state.State{state.Undone}})
	if err != nil || len(undone) != 1 {
		t.Errorf("%d undone (%v), want one", len(undone), err)
	}
}

func TestWhereverAnUndoIsCutOffItEndsAsACleanOne(t *testing.T) {
	t.Parallel()
	for _, how := range []failure{refusedOnce, answerLost, dies, requestIsGone} {
		calls := 1
		for at := 0; at <= calls; at++ { // 0: the clean run, which counts the calls
			if n := struckUndo(t, how, at); at == 0 {
				calls = n
			}
		}
	}
}

func struckUndo(t *testing.T, how failure, at int) int {
	t.Helper()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	before := g.grants(apiPath)
	f := g.one()
	g.events()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fate := &fate{failure: how, at: at, cancel: cancel}
	doomed := g.doomed(fate)
	if u, err := doomed.Answer(ctx, f.ID, undoBy(ada, f)); err == nil {
		_, _ = doomed.Work(ctx, u.ID)
	}
	_, _ = g.Answer(t.Context(), f.ID, undoBy(ada, f)) // the person asks again
	g.recover(nil)

	when := fmt.Sprintf("%s, call %d", how, at)
	undone, err := g.Store.Findings(t.Context(), finding.Query{States: []state.State{state.Undone}})
	if err != nil || len(undone) != 1 || len(undone[0].Outbox) != 0 {
		all, _ := g.Store.Findings(t.Context(), finding.Query{})
		t.Fatalf("%s: undone: %+v (%v), want one with nothing left to do\nall: %+v", when, undone, err, all)
	}
	if n := g.writes(); n != 1 {
		t.Errorf("%s: %d writes, want one", when, n)
	}
	if d := godiff.Diff(before, g.grants(apiPath)); d != "" {
		t.Errorf("%s: grants (-want +got):\n%s", when, d)
	}
	return fate.calls
}
