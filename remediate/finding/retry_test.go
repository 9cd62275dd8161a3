package finding

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestEachEffectIsTriedAgainAtItsOwnTimeAndTheFindingIsDueForTheFirst(t *testing.T) {
	page := PageBy("bell")
	broken := fmt.Errorf("archived: %w", fault.ErrBroken)
	f := owes(state.Pending, Notify, page)
	f.ExpiresAt = noon.Add(time.Hour)
	f = f.TriedLater(Notify, noon, &fault.BusyError{After: 3 * time.Second}).TriedLater(page, noon, errDown)
	if got := f.DueAt.Sub(noon); got != 3*time.Second || f.Tries(Notify) != 0 || f.Tries(page) != 1 {
		t.Errorf("due in %s, after %d and %d tries", got, f.Tries(Notify), f.Tries(page))
	}
	for name, tt := range map[string]struct {
		effect Effect
		err    error
		want   time.Duration
	}{
		"a notice that Slack did not take":           {Notify, errDown, 30 * time.Second},
		"a notice that somebody has to do with":      {Notify, broken, 5 * time.Minute},
		"a page":                                     {page, errDown, time.Minute},
		"a page that failed while a plan is at work": {page, errDown, time.Minute},
	} {
		f := owes(state.Reverted, tt.effect)
		for range 12 {
			f = f.TriedLater(tt.effect, noon, tt.err)
		}
		if got := f.DueAt.Sub(noon); got != tt.want || f.Attempts != 0 {
			t.Errorf("%s: the last pause is %s, with %d attempts at the plan; want %s", name, got, f.Attempts, tt.want)
		}
	}
	if f := f.PaidOff(page, noon).PaidOff(Notify, noon); f.Retries != nil || !f.DueAt.Equal(f.ExpiresAt) {
		t.Errorf("with nothing owed it is due at %s, and keeps %v", f.DueAt, f.Retries)
	}
}

func TestAPlanKeepsItsTimeWhereANoticeIsDueBefore(t *testing.T) {
	f := owes(state.Applying, Apply, Notify)
	f.DueAt = noon.Add(10 * time.Minute) // between two attempts
	f = f.TriedLater(Notify, noon, errDown)
	if !f.DueAt.Equal(noon.Add(30*time.Second)) || !f.Waits(Apply, noon.Add(9*time.Minute)) || f.Waits(Apply, noon.Add(10*time.Minute)) {
		t.Fatalf("due at %s, with %v", f.DueAt, f.Retries)
	}
	if taken := f.Taken(noon.Add(time.Minute)); !taken.DueAt.Equal(noon.Add(time.Minute + NotifyLease)) {
		t.Errorf("whoever tells people has until %s", taken.DueAt)
	}
	if near := f.Taken(noon.Add(590 * time.Second)); !near.DueAt.Equal(noon.Add(10 * time.Minute)) {
		t.Errorf("the plan is due at %s, put off by a notice", near.DueAt)
	}
	if shown := f.PaidOff(Notify, noon); !shown.DueAt.Equal(noon.Add(10*time.Minute)) || shown.Retries != nil {
		t.Errorf("once people were told the plan is due at %s, with %v", shown.DueAt, shown.Retries)
	}
	if claimed := f.Claimed(noon.Add(10*time.Minute), nil); claimed.Waits(Apply, noon.Add(10*time.Minute)) || !claimed.DueAt.Equal(noon.Add(10*time.Minute+Lease)) {
		t.Errorf("a plan that is carried out is due at %s, with %v", claimed.DueAt, claimed.Retries)
	}
}

func TestNewsAreToldAtOnceWhateverCameOfTheNoticeBefore(t *testing.T) {
	f := owes(state.Pending, Notify)
	f.ExpiresAt = noon.Add(time.Hour)
	for range 5 {
		f = f.TriedLater(Notify, noon, errDown)
	}
	if f = f.stays(noon, "", "something new", Notify); f.Waits(Notify, noon) || f.Tries(Notify) != 0 {
		t.Errorf("it waits: %v", f.Retries)
	}
}

func TestAnOutageEndsNoApprovalAndNoQuestion(t *testing.T) {
	passing := fmt.Errorf("Unavailable: %w", fault.ErrPassing)
	f := owes(state.Applying, Apply)
	f.ExecuteBy, f.Attempts = noon.Add(25*time.Hour), 3*MaxAttempts
	if !f.Outlasts(noon, passing) || f.Outlasts(noon, errDown) || f.Outlasts(f.ExecuteBy, passing) {
		t.Error("a plan is given up in an outage, or goes on without one, or after its approval")
	}
	if got := f.TriedAgain(noon, passing).DueAt.Sub(noon); got != 45*time.Second {
		t.Errorf("it is tried again in %s", got)
	}
	if got := f.TriedAgain(noon, errDown).DueAt.Sub(noon); got != time.Hour {
		t.Errorf("what fails otherwise is tried again in %s", got)
	}
	if got := f.TriedAgain(noon, errors.Join(passing, &fault.BusyError{After: 10 * time.Minute})).DueAt.Sub(noon); got != 10*time.Minute {
		t.Errorf("what has no turn for ten minutes is tried again in %s", got)
	}
	waiting, expired := owes(state.Waiting), owes(state.Pending)
	waiting.CreatedAt, waiting.Attempts = noon.Add(-20*time.Hour), MaxAttempts
	expired.CreatedAt, expired.ExpiresAt = noon.Add(-48*time.Hour), noon.Add(-20*time.Hour)
	for name, f := range map[string]Finding{"what waits": waiting, "an expired question": expired} {
		if was := f.State; f.Postponed(noon, passing).State != was || f.Postponed(noon, passing).DueAt.Sub(noon) != 45*time.Second {
			t.Errorf("%s is %s after 20 hours of an outage", name, f.Postponed(noon, passing).State)
		}
		if got := f.Postponed(noon.Add(6*time.Hour), passing).State; got != state.Failed {
			t.Errorf("%s is %s after 26 hours of an outage", name, got)
		}
	}
}
