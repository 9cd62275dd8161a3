package group

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const above = 5 // messages that a channel takes in ten minutes

// wanted is a channel of which so many messages were wanted, one a second.
func wanted(n int) (d Roundup) {
	d.Channel = "C01"
	for i := range n {
		d.Wanted = append(d.Wanted, noon.Add(time.Duration(i)*time.Second))
	}
	return d
}

// speaking is a roundup that speaks for findings since noon, in a flood.
func speaking() Roundup {
	d := wanted(above)
	d.Since, d.From = noon, noon
	return d
}

func TestAFloodIsAsManyMessagesAsAChannelTakesWithinTenMinutes(t *testing.T) {
	for _, tt := range []struct {
		name  string
		d     Roundup
		after time.Duration // the first of them
		above int
		want  bool
	}{
		{"too few", wanted(above - 1), 0, above, false},
		{"as many as it takes", wanted(above), 0, above, true},
		{"just within ten minutes of the first", wanted(above), 10*time.Minute - 1, above, true},
		{"no longer", wanted(above), 10 * time.Minute, above, false},
		{"with roundups turned off", wanted(above), 0, 0, false},
	} {
		if got := tt.d.flooded(noon.Add(tt.after), tt.above); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestAMessageThatIsWantedIsCountedButNotEveryOneOfAFlood(t *testing.T) {
	d, changed := wanted(0).wanting(noon, above)
	if !changed || len(d.Wanted) != 1 {
		t.Errorf("the first: %v, %t", d.Wanted, changed)
	}
	if _, changed := wanted(0).wanting(noon, 0); changed {
		t.Error("it is counted where there are no roundups")
	}
	full := wanted(above)
	if _, changed := full.wanting(noon.Add(30*time.Second), above); changed {
		t.Error("one of a flood is counted within the minute")
	}
	at := noon.Add(2 * time.Minute)
	d, changed = full.wanting(at, above)
	if !changed || len(d.Wanted) != above || !d.Wanted[above-1].Equal(at) || !d.Wanted[0].Equal(full.Wanted[1]) {
		t.Errorf("two minutes later: %v, %t; want the newest %d", d.Wanted, changed, above)
	}
	if len(full.Wanted) != above || !full.Wanted[0].Equal(noon) {
		t.Error("the record before was changed")
	}
}

func TestWhomARoundupSpeaksFor(t *testing.T) {
	message, spokenFor := of(1), of(1)
	spokenFor.Medium = ByRoundup
	over, released := speaking(), question(0)
	over.Over, released.InRoundup = noon, "C01"
	ended, critical := released, question(0)
	ended.State, critical.Severity = state.Kept, policies.Critical
	for _, tt := range []struct {
		name string
		d    Roundup
		g    Group
		f    finding.Finding
		want bool
	}{
		{"a few", wanted(above - 1), message, question(0), false},
		{"one more than the channel takes", wanted(above), message, question(0), true},
		{"a critical one has its own message", wanted(above), message, critical, false},
		{"one more of a cause that it speaks for", speaking(), spokenFor, question(0), true},
		{"one more of it once the flood is over", over, spokenFor, question(0), false},
		{"one more of it once it speaks for nobody", wanted(above), spokenFor, question(0), false},
		{"one that it spoke for, as long as it does", speaking(), message, released, true},
		{"one that was let go", wanted(0), message, released, false},
		{"one that it spoke for, and that has ended", wanted(0), message, ended, true},
	} {
		_, covered, _ := tt.d.joined(tt.g, tt.f, noon.Add(30*time.Second), above)
		if covered != tt.want {
			t.Errorf("%s: it speaks for it: %t", tt.name, covered)
		}
	}
}

// Ten thousand that come at once would else wait for each other to write one record.
func TestTheRecordIsWrittenOnlyWhereItSaysSomethingElse(t *testing.T) {
	now := noon.Add(30 * time.Second)
	f := question(0)
	d, covered, changed := wanted(above).joined(of(1), f, now, above)
	if !covered || !changed || !d.Since.Equal(now) || !d.From.Equal(f.CreatedAt) {
		t.Errorf("the first: since %s, from %s, changed %t", d.Since, d.From, changed)
	}
	again, covered, changed := d.joined(of(1), question(1), now, above)
	if diff := cmp.Diff(d, again); !covered || changed || diff != "" {
		t.Errorf("the second: changed %t\n%s", changed, diff)
	}
	earlier := question(2)
	earlier.CreatedAt = noon.Add(-time.Hour)
	if got, _, changed := d.joined(of(1), earlier, now, above); !changed || !got.From.Equal(earlier.CreatedAt) {
		t.Errorf("one that was opened before: from %s, changed %t", got.From, changed)
	}
	spokenFor := of(1)
	spokenFor.Medium = ByRoundup
	if got, _, changed := d.joined(spokenFor, earlier, now, above); !changed || !got.From.Equal(earlier.CreatedAt) {
		t.Errorf("one of a cause that it speaks for: from %s, changed %t", got.From, changed)
	}
	if got, covered, changed := wanted(1).joined(of(1), f, now, above); covered || !changed || len(got.Wanted) != 2 {
		t.Errorf("one that has its own message: %d wanted, changed %t", len(got.Wanted), changed)
	}
	ebbing := d
	ebbing.Over = noon
	if got, _, changed := ebbing.joined(of(1), question(3), now, above); !changed || !got.Over.IsZero() {
		t.Errorf("one more after the ebb: over %s, changed %t", got.Over, changed)
	}
}

func TestAFloodIsOverOnceAndLetsGoUnlessNobodyCanBeShownAnything(t *testing.T) {
	end := noon.Add(10 * time.Minute)
	if d := speaking().tended(noon.Add(time.Minute), above); !d.Over.IsZero() || d.releases(noon.Add(time.Minute)) {
		t.Errorf("in the flood it is over at %s", d.Over)
	}
	d := speaking().tended(end, above)
	if !d.Over.Equal(end) || !d.releases(end) || d.due(end) || !d.due(end.Add(finding.NotifyLease)) {
		t.Errorf("over at %s, releases %t, due %t", d.Over, d.releases(end), d.due(end))
	}
	if again := d.tended(end.Add(time.Minute), above); !again.Over.Equal(end) {
		t.Errorf("over anew at %s", again.Over)
	}
	d.UnseenSince = end
	if d.releases(end.Add(roundupWindow-1)) || !d.releases(end.Add(roundupWindow)) {
		t.Error("with Slack down all get their own messages at once, or never")
	}
	if d.quiet(end.Add(2*finding.NotifyLease-1)) || !d.quiet(end.Add(2*finding.NotifyLease)) || speaking().quiet(end) {
		t.Error("it is quiet before those who came last are stored, or never")
	}
	if (Roundup{}).due(end) {
		t.Error("one that speaks for nobody has to be looked after")
	}
}

func TestADrawingIsCountedAndOneThatFailsIsNot(t *testing.T) {
	at, down := finding.Surface{ID: "1.1"}, errors.New("down")
	d := speaking().drawn(at, "posted", noon, nil)
	if d.Message != at || d.Drawn != "posted" || d.Draws != 1 || !d.NextAt.Equal(noon.Add(roundupEvery)) {
		t.Errorf("drawn: %+v", d)
	}
	if same := d.drawn(at, "posted", noon, nil); same.Draws != 1 {
		t.Errorf("drawn as it was, it counts %d", same.Draws)
	}
	failed := d.drawn(at, "next", noon, down)
	if failed.Drawn != "posted" || failed.Draws != 1 || !failed.UnseenSince.Equal(noon) {
		t.Errorf("failed: shows %q, unseen since %s", failed.Drawn, failed.UnseenSince)
	}
	if later := failed.drawn(at, "next", noon.Add(time.Minute), down); !later.UnseenSince.Equal(noon) {
		t.Errorf("failed again: unseen since %s", later.UnseenSince)
	}
	if busy := d.drawn(at, "next", noon, &fault.BusyError{After: time.Second}); !busy.UnseenSince.IsZero() || busy.Drawn != "posted" {
		t.Errorf("in line: unseen since %s, shows %q", busy.UnseenSince, busy.Drawn)
	}
	failed.FellBack = true
	if seen := failed.drawn(at, "next", noon, nil); !seen.UnseenSince.IsZero() || seen.FellBack {
		t.Errorf("seen again: unseen since %s, fell back %t", seen.UnseenSince, seen.FellBack)
	}
}

func TestWhatIsOverLeavesTheCountAndTheTimesOfPages(t *testing.T) {
	d := speaking()
	d.Message, d.Drawn, d.Draws = finding.Surface{ID: "1.1"}, "posted", 3
	d.Over, d.UnseenSince, d.FellBack, d.NextAt = noon, noon, true, noon
	d.PagedAt = map[string]time.Time{"pagerduty": noon}
	want := Roundup{Channel: "C01", Wanted: d.Wanted, PagedAt: d.PagedAt}
	if diff := cmp.Diff(want, d.closed()); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestADrawingIsToldFromAnotherByAllThatItShows(t *testing.T) {
	s := RoundupContent{Open: []finding.Finding{question(0), question(1)}, Ended: []finding.Finding{question(2)}, Above: above}
	d := speaking()
	seen := map[string]string{s.fingerprint(d): "as it is"}
	for name, change := range map[string]func(*RoundupContent, *Roundup){
		"one more":            func(s *RoundupContent, _ *Roundup) { s.Open = append(s.Open, question(3)) },
		"one that has ended":  func(s *RoundupContent, _ *Roundup) { s.Ended[0].State = state.Kept },
		"more than looked at": func(s *RoundupContent, _ *Roundup) { s.More = true },
		"another number":      func(s *RoundupContent, _ *Roundup) { s.Above++ },
		"for nobody any more": func(s *RoundupContent, _ *Roundup) { s.Done = true },
		"the flood is over":   func(_ *RoundupContent, d *Roundup) { d.Over = noon },
	} {
		other, of := RoundupContent{Open: s.Open[:2:2], Ended: []finding.Finding{question(2)}, Above: above}, d
		change(&other, &of)
		got := other.fingerprint(of)
		if seen[got] != "" {
			t.Errorf("%s is drawn like %s", name, seen[got])
		}
		seen[got] = name
	}
}
