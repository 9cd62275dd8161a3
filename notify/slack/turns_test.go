package slack_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// queue is a workspace in which channels have turns, kept in cells.
type queue struct {
	*workspace
	cells cells.Store
	t     *testing.T
}

func newQueue(t *testing.T, cells cells.Store) *queue {
	t.Helper()
	return &queue{newWorkspace(t), cells, t}
}

// process is one more notifier that takes its turns from the same cells.
func (q *queue) process() *slack.Notifier {
	q.t.Helper()
	n, err := slack.NewNotifier(slack.Config{
		Token: "xoxb-sim", APIURL: q.url + "/api", Turns: slack.NewTurns(q.cells, func() time.Time { return q.now }),
		Route: func(f finding.Finding) string {
			return map[string]string{"pay-prod": "C01PAY", "shop": "C01SHOP"}[f.Resource.Project]
		},
	})
	if err != nil {
		q.t.Fatal(err)
	}
	return n
}

// after is how long the finding is told to wait; zero for one that was shown.
func (q *queue) after(n *slack.Notifier, f finding.Finding) time.Duration {
	q.t.Helper()
	_, err := n.Notify(q.t.Context(), f)
	var busy *fault.BusyError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &busy):
		q.t.Fatalf("finding %s: %v", f.ID, err)
	}
	return busy.After
}

func numbered(n int, project string) finding.Finding {
	f := publicService()
	f.ID, f.Resource.Project = fmt.Sprintf("finding%019d", n), project
	return f
}

func TestAChannelTakesOneMessageASecondOverAllProcesses(t *testing.T) {
	q := newQueue(t, memory.New())
	one, two := q.process(), q.process()
	for i, row := range []struct {
		n    *slack.Notifier
		f    finding.Finding
		want time.Duration
	}{
		{one, numbered(1, "pay-prod"), 0},
		{one, numbered(2, "pay-prod"), time.Second},
		{one, numbered(3, "pay-prod"), 2 * time.Second},
		{one, numbered(2, "pay-prod"), time.Second}, // who asks again keeps their place
		{two, numbered(4, "pay-prod"), time.Second}, // of another process's line that process knows
		{two, numbered(5, "shop"), 0},               // another channel
	} {
		if got := q.after(row.n, row.f); got != row.want {
			t.Errorf("%d: waits %s, want %s", i+1, got, row.want)
		}
	}
	q.now = q.now.Add(time.Second)
	if got := q.after(two, numbered(2, "pay-prod")); got != 0 {
		t.Errorf("a second later it waits %s", got)
	}
	if n := len(q.Messages()); n != 3 {
		t.Errorf("%d messages", n)
	}
}

// What rewrites a card must not stand behind a thousand new ones.
func TestRewritingHasALineOfItsOwn(t *testing.T) {
	q := newQueue(t, memory.New())
	n := q.process()
	f := numbered(0, "pay-prod")
	var err error
	if f.Surfaces, err = n.Notify(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		q.after(n, numbered(i+1, "pay-prod"))
	}
	f.State, f.Revision = state.Kept, f.Revision+1
	if got := q.after(n, f); got != time.Second {
		t.Errorf("after 50 new ones it waits %s", got)
	}
	if got := q.after(n, numbered(99, "pay-prod")); got != 51*time.Second {
		t.Errorf("the next new one waits %s", got)
	}
}

func TestALimitOfSlacksIsKeptByEveryProcess(t *testing.T) {
	q := newQueue(t, memory.New())
	one, two := q.process(), q.process()
	q.Inject(func(string) *simslack.Fault { return &simslack.Fault{Status: 429, RetryAfter: "7"} })
	if got := q.after(one, numbered(1, "pay-prod")); got != 7*time.Second {
		t.Errorf("it is told to wait %s", got)
	}
	q.Inject(nil)
	for name, n := range map[string]*slack.Notifier{"the one that was told": one, "another": two} {
		if got := q.after(n, numbered(2, "pay-prod")); got < 7*time.Second || got > 8*time.Second {
			t.Errorf("%s waits %s", name, got)
		}
	}
	q.now = q.now.Add(7 * time.Second)
	if got := q.after(two, numbered(2, "pay-prod")); got != 0 {
		t.Errorf("after that it waits %s", got)
	}
}

// A group asks whether its channel has a turn before it looks its findings up.
func TestAGroupKnowsWithoutACallThatThereIsNoTurn(t *testing.T) {
	q := newQueue(t, memory.New())
	n := q.process()
	g, fs := newGroup(2)
	if err := n.Ready(g); err != nil {
		t.Errorf("before anything was sent: %v", err)
	}
	if _, err := n.NotifyGroup(t.Context(), g, fs); err != nil {
		t.Fatal(err)
	}
	var busy *fault.BusyError
	if err := n.Ready(g); !errors.As(err, &busy) || busy.After != time.Second || busy.Theirs {
		t.Errorf("in the same second: %v", err)
	}
	q.now = q.now.Add(time.Second)
	if err := n.Ready(g); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

// broken keeps no cells, or has others be faster each time.
type broken struct{ read, write error }

func (b broken) Cell(_ context.Context, name string) (cells.Cell, error) {
	return cells.Cell{Name: name}, b.read
}

func (b broken) SetCell(_ context.Context, c cells.Cell) (cells.Cell, error) {
	return c, b.write
}

func TestWithoutATurnNothingIsSent(t *testing.T) {
	for name, row := range map[string]struct {
		cells broken
		want  string
	}{
		"cells that cannot be read": {broken{read: errors.New("unavailable")}, "show finding finding0000000000000000001: look up the next turn in C01PAY: unavailable"},
		"cells that cannot be set":  {broken{write: errors.New("unavailable")}, "show finding finding0000000000000000001: take a turn in C01PAY: unavailable"},
	} {
		q := newQueue(t, row.cells)
		if _, err := q.process().Notify(t.Context(), numbered(1, "pay-prod")); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
		if n := len(q.Messages()); n != 0 {
			t.Errorf("%s: %d messages", name, n)
		}
	}
	q := newQueue(t, broken{write: fault.ErrConflict})
	if got := q.after(q.process(), numbered(1, "pay-prod")); got != time.Second || len(q.Messages()) != 0 {
		t.Errorf("where others are faster each time: waits %s, %d messages", got, len(q.Messages()))
	}
}

// A channel in which Slack does not answer is left alone, and those who wait for it
// are undelivered: it is Slack's doing, as its own limit is.
func TestAChannelInWhichSlackDoesNotAnswerIsLeftAloneForEverybody(t *testing.T) {
	for name, failing := range map[string]*simslack.Fault{"down": {Status: 503}, "no answer": {Drop: true}, "its own limit": {Status: 429, RetryAfter: "5"}} {
		q, calls := newQueue(t, memory.New()), 0
		one, two := q.process(), q.process()
		q.Inject(func(string) *simslack.Fault { calls++; return failing })
		if _, err := one.Notify(t.Context(), numbered(1, "pay-prod")); err == nil {
			t.Fatalf("%s: it was shown", name)
		}
		for i, n := range []*slack.Notifier{one, one, two} {
			_, err := n.Notify(t.Context(), numbered(i+2, "pay-prod"))
			var busy *fault.BusyError
			if !errors.As(err, &busy) || !busy.Theirs || busy.After < 5*time.Second || busy.After > 6*time.Second {
				t.Errorf("%s: finding %d is told %v, want to come again in about five seconds, for Slack's sake", name, i+2, err)
			}
		}
		if calls != 1 {
			t.Errorf("%s: Slack was called %d times", name, calls)
		}
		q.Inject(nil)
		if got := q.after(one, numbered(9, "shop")); got != 0 {
			t.Errorf("%s: another channel waits %s", name, got)
		}
	}
}

func TestASilentSlackIsAskedByOneMessageEachQuarterOfAMinuteAndThenByAllInTurn(t *testing.T) {
	q, calls := newQueue(t, memory.New()), 0
	n := q.process()
	q.Inject(func(string) *simslack.Fault { calls++; return &simslack.Fault{Status: 503} })
	due, begin := map[int]time.Time{}, q.now
	const all = 40
	told := map[int]time.Time{}
	step := func() {
		for i := range all {
			if !told[i].IsZero() || due[i].After(q.now) {
				continue
			}
			_, err := n.Notify(t.Context(), numbered(i, "pay-prod"))
			after, busy := fault.NextTurn(err)
			switch {
			case err == nil:
				told[i] = q.now
			case busy:
				due[i] = q.now.Add(after)
			default:
				due[i] = q.now.Add(15 * time.Second)
			}
		}
		q.now = q.now.Add(time.Second)
	}
	for q.now.Sub(begin) < 5*time.Minute {
		step()
	}
	if calls > 24 {
		t.Errorf("Slack was called %d times in five minutes without an answer", calls)
	}
	q.Inject(nil)
	back := q.now
	for range 2 * all {
		step()
	}
	first := back.Add(time.Hour)
	for _, at := range told {
		if at.Before(first) {
			first = at
		}
	}
	if len(told) != all || first.Sub(back) > 16*time.Second {
		t.Fatalf("%d of %d are shown, the first %s after Slack was back", len(told), all, first.Sub(back))
	}
	for i, at := range told {
		if at.Sub(first) > (all+16)*time.Second {
			t.Errorf("finding %d is shown %s after the first", i, at.Sub(first))
		}
	}
}
