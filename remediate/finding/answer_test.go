package finding

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAFindingTakesTheAnswersThatCount(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	plan := judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: cloud.ProjectResource("pay-prod"),
		Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/editor", Member: "user:eve@example.com"}}}}}, "")
	question := Finding{State: state.Pending, Plan: plan, ExpiresAt: now.Add(time.Second)}
	reverted := Finding{State: state.Reverted, Plan: plan, Done: plan.Steps, EndedAt: now.Add(-time.Hour)}
	with := func(f Finding, change func(*Finding)) Finding {
		change(&f)
		return f
	}
	for _, tc := range []struct {
		name string
		f    Finding
		want []Choice
	}{
		{"an undo that waits for another person", with(question, func(f *Finding) { f.UndoOf = "f1" }), []Choice{"undo"}},
		{"a question at its end", with(question, func(f *Finding) { f.ExpiresAt = now }), nil},
		{"a report", with(question, func(f *Finding) { f.State = state.Reported }), []Choice{"revert"}},
		{"a report without a plan", Finding{State: state.Reported}, nil},
		{"a revert under way", with(question, func(f *Finding) { f.State = state.Applying }), nil},
		{"a revert", reverted, []Choice{"undo"}},
		{"a revert of the day before yesterday", with(reverted, func(f *Finding) { f.EndedAt = now.Add(-25 * time.Hour) }), nil},
		{"a failed revert that wrote a part", with(reverted, func(f *Finding) { f.State = state.Failed }), []Choice{"undo"}},
		{"one that wrote nothing", with(reverted, func(f *Finding) { f.Done = nil }), nil},
		{"an undo that was done", with(reverted, func(f *Finding) { f.UndoOf, f.State = "f1", state.Undone }), nil},
	} {
		if d := cmp.Diff(tc.want, tc.f.OpenChoices(now)); d != "" && len(tc.f.OpenChoices(now))+len(tc.want) > 0 {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
	if got := question.OpenChoices(now); len(got) < 2 || got[0] != ChooseRevert || got[1] != ChooseKeep {
		t.Errorf("a question takes %q, want at least revert and keep", got)
	}
	question.Plan = judge.Plan{}
	if got := question.OpenChoices(now); len(got) < 1 || got[0] != ChooseKeep || question.DigestFor(ChooseKeep) != NoPlan {
		t.Errorf("a question without a plan takes %q on plan %s", got, question.DigestFor(ChooseKeep))
	}
	if got := reverted.DigestFor(ChooseUndo); got != reverted.UndoPlan().Digest || got == plan.Digest {
		t.Errorf("an undo is about plan %s, want its inverse", got)
	}
}

func TestTheReasonOfARefusalIsSaidWithoutTheWordThatItIsOne(t *testing.T) {
	refused := fmt.Errorf("answer finding f1: %w", RefuseAs(ClassActor, "%s made this change", ada))
	if got := ReasonOf(refused); got != ada+" made this change" {
		t.Errorf("the reason is %q", got)
	}
	if got := ReasonOf(errDown); got != "down" {
		t.Errorf("of an error that is no refusal it is %q", got)
	}
}
