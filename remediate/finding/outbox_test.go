package finding

import (
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnEffectIsOwedOnceAndPaidOnce(t *testing.T) {
	f := owes(state.Kept).owing(Notify, Publish).owing(Notify)
	f.DueAt = noon
	if !slices.Equal(f.Outbox, []Effect{Notify, Publish}) {
		t.Errorf("owed are %v", f.Outbox)
	}
	paid := f.PaidOff(Notify, noon)
	if !slices.Equal(paid.Outbox, []Effect{Publish}) || !f.Owes(Notify) {
		t.Errorf("paid, it owes %v; the one before owes %v", paid.Outbox, f.Outbox)
	}
	if again := paid.PaidOff(Notify, noon); !slices.Equal(again.Outbox, paid.Outbox) {
		t.Errorf("paid twice, it owes %v", again.Outbox)
	}
	if done := paid.PaidOff(Publish, noon); len(done.Outbox) > 0 || !done.DueAt.IsZero() {
		t.Errorf("with all paid it owes %v and is due at %s", done.Outbox, done.DueAt)
	}
}

func TestPayingOneEffectDoesNotPutOffTheOthers(t *testing.T) {
	f := owes(state.Kept, Notify, Publish)
	f.DueAt = noon.Add(time.Second)
	if got := f.PaidOff(Publish, noon); !got.DueAt.Equal(f.DueAt) {
		t.Errorf("due at %s, want when the rest was", got.DueAt)
	}
}

func TestWhatAGroupOwesLeavesTheLeaseOfWhoeverAppliesAlone(t *testing.T) {
	asked := owes(state.Pending).OwingFor("g", Carry, noon)
	if asked.Group != "g" || !asked.Owes(Carry) || !asked.DueAt.Equal(noon.Add(NotifyLease)) {
		t.Errorf("in %q it owes %v, due at %s", asked.Group, asked.Outbox, asked.DueAt)
	}
	applied := owes(state.Applying, Apply)
	applied.DueAt = noon.Add(4 * time.Minute)
	if got := applied.OwingFor("g", Notify, noon); !got.DueAt.Equal(applied.DueAt) {
		t.Errorf("the plan is taken over at %s, and its lease ends at %s", got.DueAt, applied.DueAt)
	}
	if got := asked.Carried(noon); got.Owes(Carry) || !got.Owes(Notify) || !got.DueAt.Equal(noon.Add(NotifyLease)) {
		t.Errorf("carried, it owes %v at %s; want the news shown", got.Outbox, got.DueAt)
	}
	if got := applied.Carried(noon); !got.DueAt.Equal(applied.DueAt) {
		t.Errorf("carried, the plan is taken over at %s, and its lease ends at %s", got.DueAt, applied.DueAt)
	}
}

func TestWhatAnotherProcessIsAtOwesNothingFromThisOne(t *testing.T) {
	f := owes(state.Approved, Apply, Notify)
	if got := f.Leased(); len(got.Outbox) > 0 || len(f.Outbox) != 2 {
		t.Errorf("it owes %v, and the one stored %v", got.Outbox, f.Outbox)
	}
}

func TestTakingTheTrailOutIsTriedLaterTheLongerItFails(t *testing.T) {
	f := owes(state.Kept, Publish)
	told := f.Timeline[len(f.Timeline)-1].At
	for after, want := range map[time.Duration]time.Duration{time.Second: 15 * time.Second, 10 * time.Minute: 10 * time.Minute, 5 * time.Hour: time.Hour} {
		now := told.Add(after)
		if got := f.ExportTried(now); !got.DueAt.Equal(now.Add(want)) || got.Attempts != f.Attempts {
			t.Errorf("%s after it was told: tried again in %s, %d attempts; want in %s", after, got.DueAt.Sub(now), got.Attempts, want)
		}
	}
	for _, busy := range []Finding{owes(state.Waiting, Publish), owes(state.Approved, Apply, Publish)} {
		busy.DueAt = noon.Add(3 * time.Second)
		if got := busy.ExportTried(noon); !got.DueAt.Equal(busy.DueAt) {
			t.Errorf("%s: it puts off what else is due, to %s", busy.State, got.DueAt)
		}
	}
	if got := f.Exported(); got.Owes(Publish) || got.Published != len(f.Timeline) {
		t.Errorf("taken out, it owes %v and %d of %d events are", got.Outbox, got.Published, len(f.Timeline))
	}
}
