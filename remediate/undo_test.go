package remediate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	godiff "github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	ada = "user:ada@example.com"
	bob = "user:bob@example.com"
)

// undoBy is that person's word to undo what the finding says was done.
func undoBy(who string, f finding.Finding) finding.Answer {
	return finding.Answer{Choice: finding.ChooseUndo, Principal: who, Via: "cli", Reason: "it was meant to be public", Digest: f.UndoPlan().Digest}
}

// undo has ada undo the finding, and a worker carry it out.
func (g *rig) undo(f finding.Finding) finding.Finding {
	g.t.Helper()
	u, err := g.Answer(g.t.Context(), f.ID, undoBy(ada, f))
	g.must(err)
	g.want(u, state.Approved, "undo approved by "+ada+": it was meant to be public")
	u, err = g.Work(g.t.Context(), u.ID)
	g.must(err)
	return u
}

func (g *rig) grants(resource string) []sim.GrantState {
	g.t.Helper()
	for _, p := range g.cloud.State().Policies {
		if strings.HasSuffix(p.Resource, resource) {
			slices.SortFunc(p.Grants, func(a, b sim.GrantState) int {
				return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Member, b.Member), cmp.Compare(a.Condition, b.Condition))
			})
			return p.Grants
		}
	}
	return nil
}

func wantGrants(t *testing.T, got, want []sim.GrantState) {
	t.Helper()
	if d := godiff.Diff(want, got); d != "" {
		t.Errorf("grants (-want +got):\n%s", d)
	}
}

// refused checks that an answer was refused in these words.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	var r *finding.RefusedError
	if !errors.As(err, &r) || !strings.Contains(r.Why, says) {
		t.Errorf("got %v, want it refused, saying %q", err, says)
	}
}

func TestAnUndoBringsBackExactlyWhatWasTakenConditionIncluded(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = append(p.Bindings, &iampb.Binding{
			Role: "roles/run.invoker", Members: []string{"allUsers"},
			Condition: &expr.Expr{Title: "week", Description: "of the fair", Expression: "request.time < timestamp('2026-12-01T00:00:00Z')"},
		})
	})
	before := g.grants(apiPath)
	f := g.one()
	g.want(f, state.Reverted, "removed roles/run.invoker to allUsers if")
	g.events()

	u := g.undo(f)
	g.want(u, state.Undone, "as it was before; verified by reading it back")
	wantGrants(t, g.grants(apiPath), before)
	if u.UndoOf != f.ID || u.ID == f.ID || u.Plan.Digest == f.Plan.Digest || len(u.Outbox) != 0 || !u.DueAt.IsZero() {
		t.Errorf("the undo is %+v, want a record of its own with its own plan and nothing left to do", u)
	}
	after := g.stored(f.ID)
	if after.UndoneBy != u.ID || !after.Owes(finding.Notify) || after.DueAt.IsZero() {
		t.Errorf("what was undone is not shown as such: it is marked %q, owes %v, due %s", after.UndoneBy, after.Outbox, after.DueAt)
	}
	after.UndoneBy, after.Outbox, after.DueAt, after.Revision = "", f.Outbox, f.DueAt, f.Revision
	if d := godiff.Diff(f, after); d != "" {
		t.Errorf("the finding that ended was changed (-before +after):\n%s", d)
	}
	if c := u.Answers[0]; c.Principal != ada || c.Reason == "" || c.Via != "cli" {
		t.Errorf("the answer is kept as %+v", c)
	}
	if fs := g.deliver(); len(fs) != 0 {
		t.Errorf("our own write opened %+v", fs)
	}
	g.grant(apiPath, "roles/run.invoker", "group:more@example.com")
	if fs := g.deliver(); len(fs) != 0 {
		t.Errorf("what was undone was raised again by a change of something else: %+v", fs)
	}
}

func TestAnUndoLeavesWhatWasGoneBeforeTheRevert(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = append(p.Bindings, &iampb.Binding{Role: "roles/run.invoker", Members: []string{"allUsers", "allAuthenticatedUsers"}})
	})
	f := g.one()
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		b := p.Bindings[len(p.Bindings)-1]
		b.Members = slices.DeleteFunc(b.Members, func(m string) bool { return m == "allAuthenticatedUsers" })
	})
	before := g.grants(apiPath)
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	g.must(err)
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Reverted, "verified")
	g.want(g.undo(f), state.Undone, "")
	wantGrants(t, g.grants(apiPath), before)
}

func TestAnUndoGivesAWorkloadItsAccountBack(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Reverted, "runs as "+apiAccount)
	g.want(g.undo(f), state.Undone, "")
	if got := g.identity(apiPath); got != defaultAccount {
		t.Errorf("runs as %s, want %s", got, defaultAccount)
	}
}

func TestAnUndoTurnsTheInvokerCheckOffAgain(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	const constraint = "run.managed.requireInvokerIam"
	g.cloud.SetConstraint("folders/4001", constraint, false)
	c, err := run.NewServicesClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	op, err := c.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: apiPath, InvokerIamDisabled: true}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"invoker_iam_disabled"}},
	})
	g.must(err)
	_, err = op.Wait(t.Context())
	g.must(err)
	g.cloud.SetConstraint("folders/4001", constraint, true)
	f := g.one()
	g.want(f, state.Reverted, "turned the invoker IAM check back on")
	g.want(g.undo(f), state.Failed, "not applied: ") // the organization forbids it
	g.cloud.SetConstraint("folders/4001", constraint, false)
	g.want(g.undo(f), state.Undone, "")
	i := slices.IndexFunc(g.cloud.State().Workloads, func(w sim.WorkloadState) bool { return w.Name == apiPath })
	if g.cloud.State().Workloads[i].InvokerCheck {
		t.Error("the check is still on")
	}
}

func TestWhatSomebodyChangedSinceIsTheirs(t *testing.T) {
	g := newRig(t, set{public: policies.Revert, identity: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	grant := g.one()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events() // not delivered: rescind does not know yet
	g.want(g.undo(grant), state.Superseded, "changed since the revert")

	g.deploy(defaultAccount)
	account := g.one()
	g.deploy("other@pay-prod.iam.gserviceaccount.com")
	g.events()
	g.want(g.undo(account), state.Superseded, "changed since the revert")
	if got := g.identity(apiPath); got != "other@pay-prod.iam.gserviceaccount.com" {
		t.Errorf("runs as %s, want what somebody chose since", got)
	}
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAnUndoThatCameToNothingCanBeTriedAgain(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	first := g.undo(f)
	g.want(first, state.Superseded, "")
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		for _, b := range p.Bindings {
			b.Members = slices.DeleteFunc(b.Members, func(m string) bool { return m == "allUsers" })
		}
	})
	second := g.undo(f)
	g.want(second, state.Undone, "")
	if first.ID == second.ID {
		t.Error("the undo that ended was used again")
	}
}

func TestWhoMayUndoAndWhen(t *testing.T) {
	g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Authority.Approvers[bob] = true })
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
	g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) {
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
	g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Authority.Approvers[bob] = true })
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
