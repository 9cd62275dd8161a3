package desk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// announced is a desk whose alarms are kept, or fail.
func announced(t *testing.T) (o *office, said map[string]string, fail *error) {
	said, fail = map[string]string{}, new(error)
	return newOffice(t, func(d *desk.Desk) {
		d.Alarm = func(_ context.Context, id, text string) error {
			if *fail == nil {
				said[id] = text
			}
			return *fail
		}
	}), said, fail
}

func TestS22APauseAndAResumeCountForFiveMinutesAndAnOldOneIsAnnounced(t *testing.T) {
	for verb, do := range map[string]func(o *office, by string, at time.Time) error{
		"pause": func(o *office, by string, at time.Time) error {
			_, err := o.PauseSigned(o.t.Context(), at, by, "slack:T/U", "a release", time.Hour)
			return err
		},
		"resume": func(o *office, by string, at time.Time) error {
			_, err := o.ResumeSigned(o.t.Context(), at, by, "slack:T/U", "")
			return err
		},
	} {
		o, said, fail := announced(t)
		signed := o.now
		if _, err := o.PauseSigned(t.Context(), signed, bob, "cli", "before", 2*time.Hour); err != nil {
			t.Fatal(err)
		}
		o.now = signed.Add(desk.SwitchWithin + time.Second)
		o.wantRefused(do(o, eve, signed), finding.ClassNotApprover, "")
		if len(said) != 0 {
			t.Errorf("%s by somebody who may not: announced %v", verb, said)
		}
		*fail = errors.New("the store is down")
		if err := do(o, ada, signed); !errors.Is(err, *fail) {
			t.Errorf("%s that could not be announced: %v, want it to come again", verb, err)
		}
		*fail = nil
		for range 2 {
			o.wantRefused(do(o, ada, signed), finding.ClassLate, "it was signed at 2026-11-22T12:00:00Z, and a "+verb+" counts for five minutes")
		}
		if len(said) != 1 {
			t.Errorf("%s: announced %v, want one alarm", verb, said)
		}
		for _, text := range said {
			if !strings.HasPrefix(text, "a "+verb+" by "+ada+" (slack:T/U) was refused: it was signed at 2026-11-22T12:00:00Z and came at 2026-11-22T12:05:01Z") {
				t.Errorf("%s: announced %q", verb, text)
			}
		}
		p, err := o.store.Pause(t.Context())
		if err != nil || p.By != bob || !p.On {
			t.Errorf("%s: the switch is %+v, %v", verb, p, err)
		}
		if all := o.ledger(); len(all) == 0 {
			t.Errorf("%s: the ledger is empty", verb)
		} else if r := all[len(all)-1]; r.Kind != trail.Refused || r.Class != string(finding.ClassLate) {
			t.Errorf("%s: the ledger has %+v", verb, r)
		}
		o.now = signed.Add(desk.SwitchWithin)
		if err := do(o, ada, signed); err != nil {
			t.Errorf("%s after five minutes to the second: %v", verb, err)
		}
	}
}

// Messages come in any order. What was said last holds, not what comes last.
func TestS22AnOlderPauseDoesNotUndoANewerResume(t *testing.T) {
	o, _, _ := announced(t)
	first := o.now
	o.now = first.Add(time.Minute)
	for _, err := range []error{
		second(o.PauseSigned(t.Context(), first, ada, "a", "a release", time.Hour)),
		second(o.ResumeSigned(t.Context(), first.Add(30*time.Second), bob, "b", "")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.PauseSigned(t.Context(), first, ada, "a", "a release", time.Hour)
	o.wantRefused(err, finding.ClassLate, "it was signed at 2026-11-22T12:00:00Z, and since then: rescind works again: resumed by "+bob)
	if _, err = o.PauseSigned(t.Context(), first.Add(30*time.Second), ada, "a", "another", time.Hour); err != nil {
		t.Errorf("one of the same second: %v", err)
	}
	_, err = o.ResumeSigned(t.Context(), first, bob, "b", "")
	o.wantRefused(err, finding.ClassLate, "since then: rescind is paused")
}

func second[T any](_ T, err error) error { return err }

func TestS22APauseLastsFromWhenItWasSigned(t *testing.T) {
	o, _, _ := announced(t)
	signed := o.now
	o.now = signed.Add(4 * time.Minute)
	p, err := o.PauseSigned(t.Context(), signed, ada, "a", "a release", time.Hour)
	if err != nil || !p.Until.Equal(signed.Add(time.Hour)) {
		t.Errorf("until %s, %v", p.Until, err)
	}
	_, err = o.PauseSigned(t.Context(), signed, ada, "a", "a release", 4*time.Minute)
	o.wantRefused(err, finding.ClassLate, "would have ended by now")
}

func TestS22AClockThatIsAheadMakesNoNewerWord(t *testing.T) {
	o, _, _ := announced(t)
	p, err := o.PauseSigned(t.Context(), o.now.Add(4*time.Minute), ada, "a", "a release", time.Hour)
	if err != nil || !p.Until.Equal(o.now.Add(time.Hour)) {
		t.Errorf("until %s, %v", p.Until, err)
	}
	if _, err := o.ResumeSigned(t.Context(), o.now, bob, "b", ""); err != nil {
		t.Errorf("resume: %v", err)
	}
}
