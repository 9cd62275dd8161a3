package finding

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

const tooLong = 10 * time.Minute

func TestAFindingCountsAsUndeliveredOnceItTookTooLongOrForGood(t *testing.T) {
	pagers := []string{"pagerduty"}
	broken := fmt.Errorf("slack: %w", fault.ErrBroken)
	inLine := &fault.BusyError{Where: "messages", After: time.Second}
	refused := &fault.BusyError{Where: "Slack", After: time.Second, Theirs: true}
	for _, tt := range []struct {
		name  string
		since time.Duration // for how long before
		limit time.Duration
		err   error
		want  bool
	}{
		{"it fails for the first time", 0, tooLong, errDown, false},
		{"it fails for a while", tooLong - time.Second, tooLong, errDown, false},
		{"it fails for too long", tooLong, tooLong, errDown, true},
		{"it fails for ever, and nobody wants to know", 24 * time.Hour, 0, errDown, false},
		{"the way is broken", 0, tooLong, broken, true},
		{"the way is broken, and nobody wants to know of delays", 0, 0, broken, true},
		{"it waits for our own turn for long", tooLong, tooLong, inLine, false},
		{"Slack takes nothing for long", tooLong, tooLong, refused, true},
	} {
		f := owes(state.Pending, Notify)
		if tt.since > 0 {
			f.UndeliveredSince = noon.Add(-tt.since)
		}
		got := f.NotDelivered(noon, tt.limit, pagers, tt.err)
		if got.Undelivered != tt.want || got.Owes(PageBy("pagerduty")) != tt.want {
			t.Errorf("%s: undelivered %t, owes %v", tt.name, got.Undelivered, got.Outbox)
		}
		if got.State != f.State || got.Why != f.Why && !tt.want {
			t.Errorf("%s: it is %s: %s", tt.name, got.State, got.Why)
		}
		if told := got.Delivered(); told.Undelivered || !told.UndeliveredSince.IsZero() || told.FellBack {
			t.Errorf("%s: told after all, it counts as undelivered", tt.name)
		}
	}
}

func TestWhatCannotBeToldIsTriedAgainWithinMinutesAndAtTheLimit(t *testing.T) {
	f := owes(state.Reverted, Notify)
	f.DueAt = noon.Add(time.Hour)
	if got := f.NotDelivered(noon, 0, nil, errDown).DueAt; !got.Equal(noon.Add(noticeRetry)) {
		t.Errorf("tried again at %s", got)
	}
	f.UndeliveredSince = noon.Add(-tooLong + time.Minute)
	if got := f.NotDelivered(noon, tooLong, nil, errDown).DueAt; !got.Equal(noon.Add(time.Minute)) {
		t.Errorf("tried again at %s, want when it counts as undelivered", got)
	}
	applying := owes(state.Applying, Apply, Notify)
	applying.DueAt = noon.Add(Lease)
	if got := applying.NotDelivered(noon, tooLong, nil, errDown).DueAt; !got.Equal(applying.DueAt) {
		t.Errorf("the lease of the plan ends at %s for it", got)
	}
}

func TestWhatARoundupSpokeForIsToldOfByItselfWhenItIsLetGo(t *testing.T) {
	f := owes(state.Pending)
	f.InRoundup = "C01"
	got := f.Released(noon.Add(time.Minute))
	if got.InRoundup != "" || !got.Owes(Notify) || !got.DueAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("it owes %v at %s, spoken for in %q", got.Outbox, got.DueAt, got.InRoundup)
	}
	if late := f.Released(f.ExpiresAt.Add(time.Minute)); !late.DueAt.Equal(f.ExpiresAt) {
		t.Errorf("due at %s, want no later than it expires", late.DueAt)
	}
}

func TestWhatCannotBeToldPagesForAQuestionAloneAndNotTwiceInAShortTime(t *testing.T) {
	pagers := []string{"pagerduty"}
	ended := owes(state.Reverted)
	ended.UndeliveredSince = noon.Add(-tooLong)
	got := ended.Undeliverable(noon, pagers)
	if got.Owes(PageBy("pagerduty")) || got.Why != ended.Why || len(got.Timeline) != len(ended.Timeline)+1 || !got.Undelivered {
		t.Errorf("what has ended owes %v, and says %q", got.Outbox, got.Why)
	}
	asked := owes(state.Pending)
	asked.UndeliveredSince, asked.PagedAt = noon.Add(-tooLong), noon.Add(-PageEvery+time.Second)
	if got := asked.Undeliverable(noon, pagers); got.Owes(PageBy("pagerduty")) {
		t.Error("on-call is paged twice in a quarter of an hour")
	}
	asked.PagedAt = noon.Add(-PageEvery)
	if got := asked.Undeliverable(noon, nil); strings.Contains(got.Why, "paged") {
		t.Errorf("with nobody on call it says %q", got.Why)
	}
	if got := asked.Undeliverable(noon, pagers); !got.Owes(PageBy("pagerduty")) {
		t.Errorf("a question that nobody can see owes %v", got.Outbox)
	}
}
