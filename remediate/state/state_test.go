package state

import (
	"slices"
	"testing"
)

func causes() []Cause { return []Cause{ByEvent, ByPerson, ByTimer, ByEffect} }

func TestEveryStateIsOpenOrEndedAndNotBoth(t *testing.T) {
	for _, s := range All() {
		if open := slices.Contains(Open(), s); open == s.Ended() {
			t.Errorf("%s is open: %t, and ended: %t", s, open, s.Ended())
		}
		if s.Working() && s.Ended() {
			t.Errorf("%s has ended, and its plan is being carried out", s)
		}
	}
	for _, s := range Open() {
		if !slices.Contains(All(), s) {
			t.Errorf("%q is open, and no state", s)
		}
	}
	for _, s := range All() {
		if want := s == Applying || s == Uncertain; s.Working() != want {
			t.Errorf("in %s a plan is carried out: %t", s, s.Working())
		}
	}
	if None.Ended() || slices.Contains(All(), None) {
		t.Error("a finding that has no state yet has ended, or is stored as such")
	}
}

func TestTheTableNamesEveryStateAndEachMoveOnce(t *testing.T) {
	seen := map[[2]State]bool{}
	named := map[State]bool{}
	for _, a := range arrows {
		if seen[[2]State{a.from, a.to}] {
			t.Errorf("from %q to %s is there twice", a.from, a.to)
		}
		seen[[2]State{a.from, a.to}] = true
		named[a.from], named[a.to] = true, true
		by := slices.Clone(a.by)
		slices.Sort(by)
		if len(by) == 0 || len(slices.Compact(by)) != len(a.by) {
			t.Errorf("from %q to %s by %q: want each cause once", a.from, a.to, a.by)
		}
		for _, c := range a.by {
			if !slices.Contains(causes(), c) {
				t.Errorf("%q is no cause", c)
			}
		}
	}
	for _, s := range All() {
		if !named[s] {
			t.Errorf("%s is in no move", s)
		}
		delete(named, s)
	}
	if delete(named, None); len(named) > 0 {
		t.Errorf("the table has %v, which are no states", named)
	}
}

func TestWhatLeadsFollowsAndWhatFollowsIsLedTo(t *testing.T) {
	for _, from := range append(All(), None) {
		for _, to := range append(All(), None) {
			led := slices.ContainsFunc(causes(), func(c Cause) bool { return Leads(from, to, c) })
			if led != Follows(from, to) {
				t.Errorf("from %q to %q leads: %t, follows: %t", from, to, led, Follows(from, to))
			}
			if led && to == None {
				t.Errorf("%q leads back to before the beginning", from)
			}
		}
	}
}

// reach are the states that can be come to from one, without one of them.
func reach(from, without State) (out []State) {
	out = []State{from}
	for i := 0; i < len(out); i++ {
		for _, to := range All() {
			if to != without && Follows(out[i], to) && !slices.Contains(out, to) {
				out = append(out, to)
			}
		}
	}
	return out
}

func TestEveryStateIsComeToAndEveryWayLeadsToAnEnd(t *testing.T) {
	begun := reach(None, "")
	for _, s := range All() {
		if !slices.Contains(begun, s) {
			t.Errorf("no finding ever is %s", s)
		}
		if !slices.ContainsFunc(reach(s, ""), State.Ended) {
			t.Errorf("nothing that is %s ever ends", s)
		}
	}
}

func TestWhatHasEndedStaysSoButThatAPersonMayHaveAReportReverted(t *testing.T) {
	for _, from := range All() {
		for _, to := range All() {
			for _, by := range causes() {
				again := from == Reported && to == Approved && by == ByPerson
				if from.Ended() && Leads(from, to, by) != again {
					t.Errorf("%s, which has ended, leads to %s by a %s: %t", from, to, by, !again)
				}
			}
		}
	}
}

// What a person or a timer moves, they move before anything is written.
func TestOnlyAnEffectMovesWhatIsBeingCarriedOut(t *testing.T) {
	for _, from := range []State{Approved, Applying, Uncertain} {
		for _, to := range All() {
			for _, by := range []Cause{ByEvent, ByPerson, ByTimer} {
				if Leads(from, to, by) {
					t.Errorf("a %s takes a finding from %s to %s", by, from, to)
				}
			}
		}
	}
}

func TestNothingIsWrittenWithoutAnApprovalNorRevertedWithoutBeingApplied(t *testing.T) {
	for _, tt := range []struct {
		done   []State
		before State
	}{
		{[]State{Applying, Uncertain, Reverted, Undone}, Approved},
		{[]State{Uncertain, Reverted, Undone, Blocked}, Applying},
	} {
		for _, s := range tt.done {
			if slices.Contains(reach(None, tt.before), s) {
				t.Errorf("a finding can be %s that never was %s", s, tt.before)
			}
		}
	}
}

// Only those who answer decide to leave what violates as it is.
func TestOnlyAPersonKeepsAndOnlyAPersonOrAPolicyFileExempts(t *testing.T) {
	for _, from := range append(All(), None) {
		for _, by := range causes() {
			if Leads(from, Kept, by) && (by != ByPerson || from != Pending) {
				t.Errorf("a %s keeps what is %q", by, from)
			}
			if Leads(from, Exempted, by) && from == Pending && by != ByPerson {
				t.Errorf("a %s exempts what people were asked about", by)
			}
		}
	}
}
