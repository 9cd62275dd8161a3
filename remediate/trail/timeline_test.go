package trail_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var began = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// reverted is the trail of the finding f: asked, approved by a person, applied.
func reverted() (t trail.Timeline) {
	for i, e := range []trail.Event{
		{State: state.Pending, What: "asked; expires at 04:00"},
		{State: state.Approved, Who: "user:ada@example.com", Via: "slack:T0123/U01", What: "revert approved by user:ada@example.com: not ours"},
		{State: state.Applying, What: "applying the plan 0123abcd"},
		{State: state.Reverted, What: "removed roles/run.invoker from allUsers"},
	} {
		e.At, e.Plan = began.Add(time.Duration(i)*time.Second), "0123abcd"
		t = t.With("f", e)
	}
	return t
}

func TestEveryEventHasItsNumberAndAHashThatIsItsOwn(t *testing.T) {
	is := reverted()
	seen := map[string]bool{}
	for i, e := range is {
		if e.N != i+1 || len(e.Hash) != 64 || seen[e.Hash] {
			t.Errorf("event %+v, want number %d and a hash that no other has", e, i+1)
		}
		seen[e.Hash] = true
	}
	if err := is.Verify("f", state.Reverted); err != nil || is.Head() != is[3].Hash {
		t.Errorf("verify: %v, head %s", err, is.Head())
	}
}

func TestWhatRescindSaysAgainIsNoNews(t *testing.T) {
	said := trail.Event{State: state.Applying, What: "will be tried again"}
	once := trail.Timeline(nil).With("f", said)
	for name, e := range map[string]trail.Event{
		"by a person":      {State: state.Applying, What: said.What, Who: "user:ada@example.com"},
		"in another state": {State: state.Uncertain, What: said.What},
		"of another plan":  {State: state.Applying, What: said.What, Plan: "0123abcd"},
		"in other words":   {State: state.Applying, What: "tried again"},
	} {
		if n := len(once.With("f", e)); n != 2 {
			t.Errorf("%s: %d events, want it told", name, n)
		}
	}
	said.At = began
	if n := len(once.With("f", said)); n != 1 {
		t.Errorf("%d events, want one: it says the same again", n)
	}
}

func TestAnEventIsAsLongAsALineHasRoomFor(t *testing.T) {
	long := strings.Repeat("ä", 5000) + "\xff"
	e := trail.Timeline(nil).With("f", trail.Event{Who: long, Via: long, What: long})
	for field, s := range map[string]string{"who": e[0].Who, "via": e[0].Via, "what": e[0].What} {
		if n := len([]rune(s)); n > 1000 || !strings.HasSuffix(s, "ä…") {
			t.Errorf("%s has %d characters and ends with %q", field, n, s[len(s)-5:])
		}
	}
	if err := e.Verify("f", ""); err != nil {
		t.Error(err)
	}
}

func TestATextIsCutBetweenCharactersWhereItIsTooLong(t *testing.T) {
	for in, want := range map[string]string{"": "", "ää": "ää", "äää": "äää", "ääää": "ää…", "\xff": "\uFFFD"} {
		if got := trail.Fit(in, 3); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// A store may give a time back in UTC alone, and without the clock it was read from.
func TestAnEventHasItsTimeAsAStoreGivesItBack(t *testing.T) {
	at := began.In(time.FixedZone("east", 3600))
	if e := trail.Timeline(nil).With("f", trail.Event{At: at})[0]; !e.At.Equal(at) || e.At != began {
		t.Errorf("it has %#v", e.At)
	}
}

// The event of one trail must not show in another that goes on from the same.
func TestTwoThatGoOnFromOneTrailDoNotShareAnEvent(t *testing.T) {
	base := slices.Grow(reverted(), 4)
	a := base.With("f", trail.Event{State: state.Reverted, What: "a"})
	b := base.With("f", trail.Event{State: state.Reverted, What: "b"})
	if a[4].What != "a" || b[4].What != "b" {
		t.Errorf("the one tells %q, the other %q", a[4].What, b[4].What)
	}
}

// TestI8AnyChangeOfAnyByteOfAnyEventIsFound changes what is stored, one byte at
// a time, where it can be read back at all and says something else then.
func TestI8AnyChangeOfAnyByteOfAnyEventIsFound(t *testing.T) {
	is, changed := reverted(), 0
	for i := range is {
		stored, err := json.Marshal(is[i])
		if err != nil {
			t.Fatal(err)
		}
		for at := range stored {
			for _, to := range []byte{stored[at] ^ 1, stored[at] ^ 0x20, '0', ' '} {
				b := slices.Clone(stored)
				b[at] = to
				var e trail.Event
				if json.Unmarshal(b, &e) != nil || e == is[i] {
					continue
				}
				changed++
				other := slices.Clone(is)
				other[i] = e
				if err := other.Verify("f", state.Reverted); err == nil {
					t.Errorf("event %d verifies as %s", i+1, b)
				}
				if err := other.Extends("f", is); err == nil {
					t.Errorf("event %d may be replaced by %s", i+1, b)
				}
			}
		}
	}
	if changed < 1000 {
		t.Errorf("%d changes were tried: the test cannot fail", changed)
	}
}

func TestI8EventsCannotBeTakenOutAddedOrMoved(t *testing.T) {
	is := reverted()
	at := func(events ...int) (out trail.Timeline) {
		for _, i := range events {
			out = append(out, is[i])
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		trail trail.Timeline
		says  string
	}{
		{"the first is gone", at(1, 2, 3), "at event 1: its number is 2"},
		{"one in the middle is gone", at(0, 2, 3), "at event 2: its number is 3"},
		{"the last is gone", at(0, 1, 2), "is reverted, and its trail ends with applying"},
		{"two are swapped", at(0, 2, 1, 3), "at event 2"},
		{"one is there twice", at(0, 1, 1, 2, 3), "at event 3"},
		{"one without a hash is added", append(at(0, 1, 2, 3), trail.Event{State: state.Reverted, What: "more"}), "at event 5: it has no hash"},
		{"one without a hash is put in front", append(trail.Timeline{{State: state.Pending, What: "asked"}}, is...), "at event 2"},
	} {
		if err := tt.trail.Verify("f", state.Reverted); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
		if err := tt.trail.Extends("f", is); err == nil && len(tt.trail) <= len(is) {
			t.Errorf("%s, and it may take the place of the trail", tt.name)
		}
	}
	if is.Verify("another", state.Reverted) == nil {
		t.Error("the trail verifies as that of another finding")
	}
}

func TestATrailMayOnlyGrow(t *testing.T) {
	is := reverted()
	for name, next := range map[string]trail.Timeline{"as it is": is, "with one more": is.With("f", trail.Event{State: state.Reverted, What: "undone"})} {
		if err := next.Extends("f", is); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	east := slices.Clone(is)
	for i := range east { // as a store may give times back
		east[i].At = east[i].At.In(time.FixedZone("east", 3600))
	}
	if err := east.Extends("f", is); err != nil {
		t.Errorf("read back in another zone: %v", err)
	}
}

func TestI8EventsFromBeforeTheChainComeFirstAndAreHeldByIt(t *testing.T) {
	old := trail.Timeline{{At: began, State: state.Pending, What: "asked"}}
	if err := old.Verify("f", state.Reverted); err != nil || old.Head() != "" {
		t.Errorf("not chained: %v, head %q; want neither", err, old.Head())
	}
	is := old.With("f", trail.Event{At: began, State: state.Approved, Who: "user:ada@example.com", What: "revert approved"})
	if err := is.Verify("f", state.Approved); err != nil || is[1].N != 2 {
		t.Errorf("continued: %v, number %d, want 2", err, is[1].N)
	}
	is = slices.Clone(is)
	is[0].What = "told"
	if is.Verify("f", state.Approved) == nil {
		t.Error("what was before the chain can be changed")
	}
}
