package remediate_test

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	godiff "github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
