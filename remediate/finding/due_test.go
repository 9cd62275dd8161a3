package finding

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var errDown = errors.New("down")

// owes is a finding in that state that owes these effects.
func owes(s state.State, effects ...Effect) Finding {
	f := in(s)
	f.Outbox, f.Attempts = effects, 0
	return f
}

func TestTheSweepComesWhenTheFirstThingIsDue(t *testing.T) {
	exempt := owes(state.Exempted)
	exempt.Exemption = &Exemption{Until: noon.Add(48 * time.Hour)}
	over := exempt
	over.Exemption = &Exemption{Until: noon}
	paging := owes(state.Pending)
	paging.PageAt = noon.Add(10 * time.Minute)
	carrying := owes(state.Pending, Carry)
	carrying.ExpiresAt = noon
	last := owes(state.Pending, Notify)
	last.ExpiresAt = noon.Add(time.Second)
	for _, tt := range []struct {
		name string
		f    Finding
		want time.Duration // from now; 0: never
	}{
		{"a plan that somebody has the time of a lease for", owes(state.Applying, Notify, Apply), Lease},
		{"a notice that somebody has a shorter one for", owes(state.Reverted, Notify), 30 * time.Second},
		{"a trail that is to be taken out", owes(state.Kept, Publish), 30 * time.Second},
		{"a question: when it expires", owes(state.Pending), time.Hour},
		{"a question that pages before", paging, 10 * time.Minute},
		{"a notice puts off no expiry", last, time.Second},
		{"but an answer that came in time does", carrying, 30 * time.Second},
		{"what waits for live state", owes(state.Waiting), 30 * time.Second},
		{"and is put off by no export", owes(state.Waiting, Publish), 30 * time.Second},
		{"an exemption: when it ends", exempt, 48 * time.Hour},
		{"an exemption that has ended", over, 0},
		{"what ended and owes nothing", owes(state.Reverted), 0},
	} {
		tt.f.DueAt = noon.Add(-time.Hour)
		if got := tt.f.scheduled(noon).DueAt; tt.want == 0 && !got.IsZero() || tt.want > 0 && !got.Equal(noon.Add(tt.want)) {
			t.Errorf("%s: due at %s, want in %s", tt.name, got, tt.want)
		}
	}
}

func TestWhatFailsIsTriedLaterEachTimeAndAtLeastOnceAnHour(t *testing.T) {
	f := owes(state.Reverted, Notify)
	var pauses []time.Duration
	for range 12 {
		f = f.Later(noon, errDown)
		pauses = append(pauses, f.DueAt.Sub(noon))
	}
	if f.Attempts != 12 || !slices.IsSorted(pauses) || pauses[0] != 30*time.Second || pauses[11] != time.Hour {
		t.Errorf("after %d attempts the pauses were %v", f.Attempts, pauses)
	}
	if !f.Owes(Notify) || f.State != state.Reverted {
		t.Errorf("what failed is no longer owed: %v, %s", f.Outbox, f.State)
	}
}

func TestWhatARateHoldsBackComesAtItsTurnAndIsNoAttempt(t *testing.T) {
	busy := &fault.BusyError{Where: "writes", After: 7 * time.Second}
	f := owes(state.Approved, Apply)
	for range 100 {
		f = f.Later(noon, busy)
	}
	if f.Attempts != 0 || !f.DueAt.Equal(noon.Add(7*time.Second)) {
		t.Errorf("%d attempts, due at %s", f.Attempts, f.DueAt)
	}
	f.Timeline = make(trail.Timeline, maxEvents+1) // it has waited for long enough
	if f = f.Later(noon, busy); f.Attempts != 1 {
		t.Errorf("%d attempts of one that waits for ever, want them counted", f.Attempts)
	}
}

func TestAFailureDoesNotPutOffAnExpiryNorAGracePeriod(t *testing.T) {
	question := owes(state.Pending, Notify)
	question.ExpiresAt = noon.Add(time.Minute)
	for range MaxAttempts {
		question = question.Later(noon, errDown)
	}
	if !question.DueAt.Equal(question.ExpiresAt) {
		t.Errorf("due at %s, want at the expiry", question.DueAt)
	}
	waiting := owes(state.Waiting, Publish).Later(noon, errDown)
	if waiting.Attempts != 0 || !waiting.DueAt.Equal(noon.Add(showsWithin)) {
		t.Errorf("%d attempts to read live state, looked at again at %s", waiting.Attempts, waiting.DueAt)
	}
}

func TestLiveStateThatCannotBeReadIsGivenUpInTheEnd(t *testing.T) {
	waiting := owes(state.Waiting)
	for i := range MaxAttempts {
		if waiting = waiting.Postponed(noon, errDown); waiting.State != state.Waiting || waiting.Attempts != i+1 {
			t.Fatalf("after %d attempts it is %s, with %d counted", i+1, waiting.State, waiting.Attempts)
		}
	}
	if waiting = waiting.Postponed(noon, errDown); waiting.State != state.Failed || waiting.Misstep != "" {
		t.Errorf("it is %s (%s), want it to have failed", waiting.State, waiting.Misstep)
	}
	question := owes(state.Pending)
	for late, want := range map[time.Duration]state.State{0: state.Pending, 59 * time.Minute: state.Pending, time.Hour: state.Failed} {
		now := question.ExpiresAt.Add(late)
		got := question.Postponed(now, errDown)
		if got.State != want || got.Attempts != 0 || want == state.Pending && !got.DueAt.After(now) {
			t.Errorf("%s after it expired it is %s, due at %s", late, got.State, got.DueAt)
		}
	}
	busy := question.Postponed(question.ExpiresAt.Add(2*time.Hour), &fault.BusyError{After: time.Second})
	if busy.State != state.Pending {
		t.Errorf("one in line for its turn is %s", busy.State)
	}
	ended := owes(state.Kept)
	ended.Attempts = 20
	if got := ended.Postponed(noon, errDown); got.State != state.Kept || !got.DueAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("what has ended is %s, and looked at again at %s", got.State, got.DueAt)
	}
}

func TestAQuestionPagesWhenNobodyAnsweredForSoLong(t *testing.T) {
	f := owes(state.Pending)
	f.UpdatedAt = noon
	f = f.PagedAfter(20 * time.Minute)
	for after, want := range map[time.Duration]bool{0: false, 20*time.Minute - 1: false, 20 * time.Minute: true} {
		if got := f.PageDue(noon.Add(after)); got != want {
			t.Errorf("after %s it pages: %t", after, got)
		}
	}
	if report := owes(state.Reported).PagedAfter(time.Minute); !report.PageAt.IsZero() {
		t.Error("what asks nothing pages")
	}
	paged := f.Paged(noon, ada, "paged", []string{"pagerduty", "phone"})
	if !paged.Owes(PageBy("pagerduty")) || !paged.Owes(PageBy("phone")) || paged.PageDue(noon.Add(time.Hour)) || !paged.PagedAt.Equal(noon) {
		t.Errorf("paged, it owes %v and pages again: %t", paged.Outbox, paged.PageDue(noon.Add(time.Hour)))
	}
	if nobody := f.Paged(noon, ada, "paged", nil); !nobody.PagedAt.IsZero() {
		t.Error("nobody is on call, and it counts as paged")
	}
}

func TestWhatALaterReleaseWroteIsLookedAtAgainSoonAndEndsNothing(t *testing.T) {
	made := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	waiting, pending := in(state.Waiting), in(state.Pending)
	waiting.CreatedAt, pending.CreatedAt, pending.ExpiresAt = made, made, made.Add(24*time.Hour)
	for _, tt := range []struct {
		f    Finding
		now  time.Time
		want time.Duration
	}{
		{waiting, made.Add(time.Second), backoff(0)},
		{waiting, made.Add(time.Minute), time.Minute},
		{waiting, made.Add(24 * time.Hour), laterLook},
		{pending, made.Add(24*time.Hour + time.Minute), time.Minute},
	} {
		for range 2 * MaxAttempts {
			next := tt.f.Postponed(tt.now, fault.ErrLater)
			if next.State != tt.f.State || next.DueAt.Sub(tt.now) != tt.want {
				t.Fatalf("%s at %s is %s, due in %s; want it as it was, due in %s", tt.f.State, tt.now, next.State, next.DueAt.Sub(tt.now), tt.want)
			}
			next.DueAt, tt.f = tt.f.DueAt, next
		}
	}
}
