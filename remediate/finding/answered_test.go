package finding

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnAnswerThatDoesNotDecideIsToldAndTheQuestionStaysOpen(t *testing.T) {
	a := answered(ChooseKeep)
	f := in(state.Pending).Answered(a).Voted(a, 1, 2)
	if f.State != state.Pending || f.Why != ada+" answered keep: 1 of 2: by design" || !f.Owes(Notify) || len(f.Answers) != 1 {
		t.Errorf("it is %s (%s), with %d answers, and owes %v", f.State, f.Why, len(f.Answers), f.Outbox)
	}
	if !f.Answers[0].Until.IsZero() {
		t.Error("a keep has an end")
	}
	if x := answered(ChooseExempt); !in(state.Pending).Answered(x).Answers[0].Until.Equal(x.Until) {
		t.Error("an exemption has none")
	}
}

func TestAnExemptionEndsWithTheEarliestOfItsVotesAndIsOfTheGrantsOfItsPlan(t *testing.T) {
	long, short := answered(ChooseExempt), answered(ChooseExempt)
	short.Principal, short.Until = "user:bob@example.com", noon.Add(time.Hour)
	for _, votes := range [][]Answer{{short, long}, {long, short}} {
		f := in(state.Pending).Answered(votes[0]).Answered(votes[1]).Exempted(votes[1], votes)
		if f.Exemption == nil || !f.Exemption.Until.Equal(short.Until) || !slices.Equal(f.Exemption.Grants, editor.Grants()) {
			t.Errorf("exempted %+v", f.Exemption)
		}
		if !f.DueAt.Equal(noon.Add(NotifyLease)) || !f.PaidOff(Notify, noon).PaidOff(Publish, noon).DueAt.Equal(short.Until) {
			t.Errorf("due at %s", f.DueAt)
		}
		for _, v := range votes {
			if !strings.Contains(f.Why, v.Principal+" (by design)") {
				t.Errorf("it says %q, and not who exempted it", f.Why)
			}
		}
	}
}

func TestAQuestionIsPutOnceMoreWithTheTimeThatItHadAtFirst(t *testing.T) {
	f := in(state.Pending).Escalated(noon, 2*time.Hour, []string{"pagerduty"})
	if f.State != state.Pending || !f.EscalatedAt.Equal(noon) || !f.ExpiresAt.Equal(noon.Add(2*time.Hour)) || !f.Owes(PageBy("pagerduty")) {
		t.Errorf("it is %s until %s, and owes %v", f.State, f.ExpiresAt, f.Outbox)
	}
	if want := "nobody answered: asked once more, and on-call is paged; it is left as it is at 2026-11-22T14:00:00Z"; f.Why != want {
		t.Errorf("it says %q, want %q", f.Why, want)
	}
	if alone := in(state.Pending).Escalated(noon, time.Hour, nil); strings.Contains(alone.Why, "paged") || !alone.PagedAt.IsZero() {
		t.Errorf("with nobody on call it says %q", alone.Why)
	}
}

func TestSilenceThatRevertsDoesSoAsAPolicyAndNotAsAPerson(t *testing.T) {
	f := in(state.Pending).ApprovedBySilence(noon)
	if !f.Automatic || f.Timeline[len(f.Timeline)-1].Who != "" || !f.WasAsked() {
		t.Errorf("automatic %t, by %q, asked %t", f.Automatic, f.Timeline[len(f.Timeline)-1].Who, f.WasAsked())
	}
}

func TestARevertThatIsOverdueIsAskedAboutOnceItWasNobodysWord(t *testing.T) {
	unasked := in(state.Approved)
	unasked.Automatic, unasked.ExpiresAt, unasked.ExecuteBy, unasked.Paused, unasked.Decision = true, time.Time{}, noon, true, judge.Revert
	f := unasked.Overdue(noon, time.Hour)
	if f.State != state.Pending || f.Automatic || !f.Guarded || f.Paused || f.Decision != judge.Ask || !f.ExecuteBy.IsZero() || !f.ExpiresAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("it is %s, automatic %t, guarded %t, %s, until %s", f.State, f.Automatic, f.Guarded, f.Decision, f.ExpiresAt)
	}
	if f.Owes(Apply) || !strings.HasPrefix(f.Why, "paused: ") || !slices.Contains(f.Reasons, f.Why) || f.Lapsed() {
		t.Errorf("it owes %v, as %s", f.Outbox, f.Why)
	}
	approved := in(state.Approved)
	approved.ExecuteBy, approved.Paused = noon.Add(-time.Second), true
	if f = approved.Overdue(noon, time.Hour); f.State != state.Expired || f.Paused || !f.Lapsed() || f.Owes(Apply) {
		t.Errorf("what a person approved is %s, lapsed %t, and owes %v", f.State, f.Lapsed(), f.Outbox)
	}
}

func TestWhatWaitsForAPauseOrALookUpSaysSoOnceAndKeepsItsPlan(t *testing.T) {
	f := in(state.Approved)
	for range 3 {
		f = f.Stopped("rescind is paused", noon.Add(time.Minute), noon)
	}
	if !f.Paused || !f.Owes(Apply) || len(f.Timeline) != 2 || !f.DueAt.Equal(noon.Add(time.Minute)) || f.State != state.Approved {
		t.Errorf("paused %t, %d events, due at %s, owes %v", f.Paused, len(f.Timeline), f.DueAt, f.Outbox)
	}
	if got := f.Stopped("rescind is paused by bob", noon.Add(time.Hour), noon); got.Why != "waits, as rescind is paused by bob" || !got.Owes(Notify) {
		t.Errorf("paused anew, it says %q and owes %v", got.Why, got.Outbox)
	}
	if got := f.Stopped("rescind is paused", noon.Add(time.Hour), noon); !got.DueAt.Equal(noon.Add(pauseLook)) {
		t.Errorf("looked at again at %s", got.DueAt)
	}
	if got := f.Claimed(noon, editor.Steps); got.Paused || len(got.Done) != 1 {
		t.Errorf("claimed, it is paused: %t, and is about to write %v", got.Paused, got.Done)
	}
	f = in(state.Approved)
	for range 3 {
		f = f.PutOff("ada cannot be looked up", noon)
	}
	if f.Why != "waits: ada cannot be looked up" || len(f.Timeline) != 2 || f.Attempts != 6 || !f.Owes(Apply) {
		t.Errorf("it says %q, %d events, %d attempts, owes %v", f.Why, len(f.Timeline), f.Attempts, f.Outbox)
	}
}

func TestWhatMayPassIsTriedAgainLaterAndCounted(t *testing.T) {
	f := in(state.Applying).TriedAgain(noon, errDown)
	if f.State != state.Applying || f.Why != "will be tried again: down" || f.Attempts != 4 || !f.Owes(Apply) || !f.DueAt.After(noon) {
		t.Errorf("it is %s (%s), %d attempts, due at %s", f.State, f.Why, f.Attempts, f.DueAt)
	}
	unsure := in(state.Applying).Unverified(noon, errDown)
	if unsure.Attempts != 4 || !unsure.DueAt.Equal(f.DueAt) {
		t.Errorf("%d attempts, due at %s", unsure.Attempts, unsure.DueAt)
	}
}
