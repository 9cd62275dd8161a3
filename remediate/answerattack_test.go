package remediate_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// objection is what the only open form objects to.
func (h *hall) objection() string {
	h.t.Helper()
	vs := h.slack.Views()
	if len(vs) != 1 {
		h.t.Fatalf("%d forms are open; notes %v", len(vs), h.said())
	}
	return fmt.Sprint(vs[0].Errors)
}

func TestS9AFormOfAFindingThatEndedMeanwhileDecidesNothing(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	f := h.several(1)[0]
	v := h.form("U0ADA", h.card(), "rescind.keep")
	f = h.stored(f)
	f.State, f.Why, f.EndedAt = state.Superseded, "the violation ended", h.Clock()
	_, err := h.Store.Update(t.Context(), f)
	h.must(err)
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": agreed}))
	if !strings.Contains(h.objection(), "the finding is superseded") || h.stored(f).State != state.Superseded {
		t.Errorf("the form says %s", h.objection())
	}
}

// A form's metadata is what rescind put there; were it not, the plan that it
// names would still have to be that of the finding.
func TestS9AFormThatNamesAnotherFindingDecidesNothing(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	first := h.opens()
	h.pass(2 * time.Minute) // a message of its own
	second := h.opens()
	h.settle()
	for name, meta := range map[string]string{
		"another finding, with the first one's plan": fmt.Sprintf("v1.%s.%d.%s.C01PAY.1.1", second.ID, first.Revision, first.Plan.Digest[:8]),
		"a finding there is not":                     fmt.Sprintf("v1.%s.1.%s.C01PAY.1.1", strings.Repeat("a", 26), first.Plan.Digest[:8]),
		"a card in a channel that is not rescind's":  fmt.Sprintf("v1.%s.%d.%s.C0ELSE.1.1", first.ID, first.Revision, first.Plan.Digest[:8]),
	} {
		payload := `{"type":"view_submission","api_app_id":"A01","team":{"id":"T01"},"user":{"id":"U0ADA","team_id":"T01"},"view":{"type":"modal",` +
			`"callback_id":"rescind.keep","private_metadata":"` + meta + `","state":{"values":{"reason":{"value":{"value":"` + agreed + `"}}}}}}`
		h.must(h.slack.Send(t.Context(), url.Values{"payload": {payload}}.Encode()))
		h.wantStates(map[state.State]int{state.Pending: 2})
		if n := len(h.stored(first).Answers) + len(h.stored(second).Answers); n != 0 {
			t.Errorf("%s: %d answers", name, n)
		}
	}
	if got := h.refusals(); len(got) != 3 {
		t.Errorf("the ledger has the refusals %v, want each", got)
	}
}

func TestAReasonMayBeLongInAnyScriptButNotInvisible(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	f := h.several(1)[0]
	v := h.form("U0ADA", h.card(), "rescind.keep")
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": strings.Repeat("\u200b\u3164", 20)}))
	if !strings.Contains(h.objection(), "a keep takes a reason") {
		t.Errorf("the form says %s", h.objection())
	}
	long := strings.Repeat("有意公開", 125)
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": long}))
	h.settle()
	if f = h.stored(f); f.State != state.Kept || f.Answers[0].Reason != long || !strings.Contains(h.card().Text, "Kept by ada@example.com") {
		t.Errorf("the finding is %s with %+v; the card: %s", f.State, f.Answers, h.card().Text)
	}
}

func TestS6TwoAccountsOfOneMailAreOneVote(t *testing.T) {
	t.Parallel()
	h := newHall(t, func(c *setup) { c.Authority.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2} })
	h.slack.SetUser(simslack.User{ID: "U0TWIN", Email: "ADA@EXAMPLE.COM", Team: "T01"})
	f := h.several(1)[0]
	for _, user := range []string{"U0ADA", "U0TWIN"} {
		v := h.form(user, h.card(), "rescind.keep")
		h.must(h.slack.Submit(t.Context(), user, v.ID, map[string]string{"reason": agreed}))
		h.settle()
	}
	if f = h.stored(f); f.State != state.Pending || len(f.Answers) != 1 || !strings.Contains(h.objection(), "Recorded already") {
		t.Errorf("the finding is %s with %d answers", f.State, len(f.Answers))
	}
}

func TestS6WhoeverMadeTheChangeIsKnownInAnySpelling(t *testing.T) {
	t.Parallel()
	for _, actor := range []string{"user:JO@Example.com", "deleted:user:jo@example.com?uid=123", "user:jo@example.com"} {
		h := newHall(t)
		f := h.opens(func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: actor}} })
		h.settle()
		v := h.form("U0JO", h.card(), "rescind.keep")
		h.must(h.slack.Submit(t.Context(), "U0JO", v.ID, map[string]string{"reason": agreed}))
		if !strings.Contains(h.objection(), "made this change and cannot keep it") || h.stored(f).State != state.Pending {
			t.Errorf("%s: the form says %s", actor, h.objection())
		}
	}
}

func TestS6WhoeverMadeTheChangeCannotUndoItsRevert(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	f := h.several(1)[0]
	h.press("U0JO", h.card(), "rescind.revert")
	h.settle()
	if f = h.stored(f); f.State != state.Reverted {
		t.Fatalf("the finding is %s: %s", f.State, f.Why)
	}
	v := h.form("U0JO", h.card(), "rescind.undo")
	h.must(h.slack.Submit(t.Context(), "U0JO", v.ID, map[string]string{"reason": agreed}))
	if !strings.Contains(h.objection(), "made this change and cannot undo it") || len(h.every()) != 1 {
		t.Errorf("the form says %s; %d findings", h.objection(), len(h.every()))
	}
}

func TestAClickDuringAPauseIsRecordedAndWaits(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	f := h.several(1)[0]
	h.must(h.slack.Command(t.Context(), "U0GUEST", "C01PAY", "/rescind", "pause for 1h a release"))
	if p, err := h.Store.Pause(t.Context()); err != nil || p.Active(h.Clock()) {
		t.Fatalf("a guest paused (%v)", err)
	}
	h.must(h.slack.Command(t.Context(), "U0ADA", "C01PAY", "/rescind", "pause for 1h a release"))
	h.press("U0ADA", h.card(), "rescind.revert")
	_, err := h.Work(t.Context(), f.ID)
	h.must(err)
	if f = h.stored(f); f.State != state.Approved || !f.Paused || h.iam.writes() != 0 {
		t.Errorf("during the pause the finding is %s after %d writes", f.State, h.iam.writes())
	}
	h.must(h.slack.Command(t.Context(), "U0ADA", "C01PAY", "/rescind", "resume"))
	h.settle()
	if f = h.stored(f); f.State != state.Reverted {
		t.Errorf("after it the finding is %s: %s", f.State, f.Why)
	}
}

func TestS6AGuestIsRefusedWhateverTheirMail(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.several(3)
	h.press("U0GUEST", h.card(), "rescind.revert_all")
	v := h.form("U0GUEST", h.card(), "rescind.keep_all")
	if !strings.Contains(string(v.Blocks), "This will be refused: guests of the workspace do not answer.") || strings.Contains(string(v.Blocks), "api-1") {
		t.Errorf("the form of a guest:\n%s", v.Blocks)
	}
	h.must(h.slack.Submit(t.Context(), "U0GUEST", v.ID, map[string]string{"reason": agreed}))
	h.settle()
	h.wantStates(map[state.State]int{state.Pending: 3})
	if got := fmt.Sprint(h.refusals()); got != "[identity identity]" {
		t.Errorf("the ledger has the refusals %s", got)
	}
}
