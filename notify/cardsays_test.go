package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// deciders are whose decision brought a finding where it stands.
var deciders = []struct {
	name string
	set  func(f *finding.Finding, c finding.Choice)
}{
	{"nobody", func(f *finding.Finding, _ finding.Choice) { f.Answers = nil }},
	{"a policy", func(f *finding.Finding, _ finding.Choice) { f.Answers, f.Automatic = nil, true }},
	{"a person", func(f *finding.Finding, c finding.Choice) {
		f.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: c, At: noon}}
	}},
	{"two people", func(f *finding.Finding, c finding.Choice) {
		f.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: c, At: noon}, {Principal: "serviceAccount:ci@ops.iam.gserviceaccount.com", Choice: c, At: noon}}
	}},
}

// meant is the answer that leads to the state.
func meant(s state.State, undo bool) finding.Choice {
	switch {
	case undo:
		return finding.ChooseUndo
	case s == state.Kept:
		return finding.ChooseKeep
	case s == state.Exempted:
		return finding.ChooseExempt
	}
	return finding.ChooseRevert
}

// undoStates are those that an undo comes to.
var undoStates = map[state.State]bool{
	state.Pending: true, state.Approved: true, state.Expired: true, state.Superseded: true, state.Applying: true,
	state.Blocked: true, state.Failed: true, state.Uncertain: true, state.Undone: true,
}

// The file is read by people: each sentence has to say plainly where the finding
// stands, and by whose word.
func TestWhereAFindingStandsReadsAsAgreedInEveryStateWhoeverDecided(t *testing.T) {
	var got strings.Builder
	for _, undo := range []bool{false, true} {
		for _, s := range allStates() {
			f, title := in(s), string(s)
			if undo && !undoStates[s] {
				continue
			}
			if undo {
				f, title = undoIn(s), "undo, "+title
			}
			fmt.Fprintf(&got, "%s\n", title)
			for _, d := range deciders {
				d.set(&f, meant(s, undo))
				fmt.Fprintf(&got, "  by %-11s %s\n", d.name+":", notify.Card(f, options).Status)
			}
		}
	}
	golden(t, "says_where_it_stands", got.String())
}

func TestWhatIsWrongReadsAsAgreedForEveryVerdict(t *testing.T) {
	var got strings.Builder
	for _, v := range []policies.Verdict{policies.Violation, policies.Unknown, policies.Exempt} {
		for _, message := range []string{"anyone on the internet can invoke " + service.String(), ""} {
			fmt.Fprintf(&got, "%s, with the policy's message %q\n", v, message)
			for _, s := range []state.State{state.Pending, state.Reported, state.Kept} {
				f := in(s)
				f.Verdict, f.Message, f.Why = v, message, ""
				m := notify.Card(f, notify.Options{})
				_, after, _ := strings.Cut(m.Text, m.Status+" ")
				said, _, _ := strings.Cut(after, " High severity")
				fmt.Fprintf(&got, "  %s\n    %s\n", m.Headline, said)
			}
		}
	}
	golden(t, "says_what_is_wrong", got.String())
}

func TestWhatSilenceDoesReadsAsAgreed(t *testing.T) {
	var got strings.Builder
	for _, row := range []struct {
		name string
		set  func(*finding.Finding)
	}{
		{"asked", func(*finding.Finding) {}},
		{"asked for the second time", func(f *finding.Finding) { f.EscalatedAt = noon }},
		{"with a page to come", func(f *finding.Finding) { f.PageAt = noon.Add(30 * time.Minute) }},
		{"where a guardrail spoke", func(f *finding.Finding) { f.Guarded = true }},
		{"where it may be no violation", func(f *finding.Finding) { f.Verdict = policies.Unknown }},
		{"with nothing to revert", func(f *finding.Finding) { f.Plan = judge.NewPlan(nil, "what violates is not known") }},
		{"open for ever", func(f *finding.Finding) { f.ExpiresAt = time.Time{} }},
		{"as an undo", func(f *finding.Finding) { *f = undoIn(state.Pending) }},
	} {
		fmt.Fprintf(&got, "%s\n", row.name)
		for _, e := range []remediate.Expiry{"", remediate.RevertOnExpiry, remediate.EscalateOnExpiry} {
			for _, page := range []bool{false, true} {
				f := publicService()
				row.set(&f)
				m := notify.Card(f, notify.Options{OnExpiry: e, Page: page})
				last := m.Fields[len(m.Fields)-1]
				if last.Name != "If nobody answers" || !strings.Contains(m.Text, "If nobody answers, "+last.Value+".") {
					t.Errorf("%s: the last fact is %s, and it reads: %s", row.name, last, m.Text)
				}
				fmt.Fprintf(&got, "  on expiry %-10q on-call %-6t %s\n", e, page, last.Value)
			}
		}
	}
	golden(t, "says_what_silence_does", got.String())
}

func TestWhatIsHeldBackSaysSoAndNotThatItIsAboutToHappen(t *testing.T) {
	for name, f := range map[string]finding.Finding{"a revert": in(state.Approved), "an undo": undoIn(state.Approved)} {
		f.Paused, f.Why = true, "waits, as rescind is paused"
		if s := notify.Card(f, options).Status; s != "Approved by ada@example.com, and held back. Waits, as rescind is paused." {
			t.Errorf("%s: %s", name, s)
		}
	}
}

// One of two may have answered: that is not nobody.
func TestAnExpiredQuestionSaysWhetherAnybodyAnswered(t *testing.T) {
	lapsed := in(state.Expired)
	lapsed.ExecuteBy, lapsed.Answers = noon, in(state.Approved).Answers
	one := in(state.Expired)
	one.Answers = in(state.Exempted).Answers[:1]
	for want, f := range map[string]finding.Finding{
		"Expired: nobody answered in time, and the change stays.":                                                        in(state.Expired),
		"Expired: too few answered in time, and the change stays.":                                                       one,
		"Expired: approved by ada@example.com, but not carried out in time. The change stays, and takes a new approval.": lapsed,
	} {
		if s := notify.Card(f, options).Status; s != want {
			t.Errorf("%s\nwant %s", s, want)
		}
	}
}

func TestAnEndedStateIsNeverSpokenOfAsIfItWereSo(t *testing.T) {
	for _, s := range allStates() {
		text := notify.Card(in(s), options).Text
		past := strings.Contains(text, "What was found: anyone on the internet can invoke api.")
		if present := strings.Contains(text, " Anyone on the internet can invoke api."); past == present || past != (s.Ended() && s != state.Reported) {
			t.Errorf("%s: said of the past %t, of the present %t: %s", s, past, present, text)
		}
	}
}

// Cards are drawn on machines of any time zone, and read by people of any.
func TestATimeReadsTheSameWhereverTheCardIsDrawn(t *testing.T) {
	for _, zone := range []*time.Location{time.FixedZone("far east", 14*3600), time.FixedZone("far west", -11*3600-1800)} {
		for _, s := range allStates() {
			here, there := in(s), in(s)
			there.Change.Time, there.ExpiresAt, there.CreatedAt = there.Change.Time.In(zone), there.ExpiresAt.In(zone), there.CreatedAt.In(zone)
			here.PageAt, there.PageAt = noon, noon.In(zone)
			if here.Exemption != nil {
				there.Exemption = &finding.Exemption{Until: here.Exemption.Until.In(zone), Grants: here.Exemption.Grants}
			}
			if a, b := notify.Card(here, options).String(), notify.Card(there, options).String(); a != b {
				t.Errorf("%s, drawn in the %s:\n%s\nin UTC:\n%s", s, zone, b, a)
			}
		}
	}
	if got := notify.Clock(time.Date(2026, 12, 31, 23, 59, 59, 0, time.FixedZone("far west", -3600))); got != "1 Jan 2027 00:59 UTC" {
		t.Errorf("the clock says %s", got)
	}
}

func TestAChangeOfUnknownTimeHasNoTimeMadeUp(t *testing.T) {
	f := publicService()
	f.Change.Time = time.Time{}
	m := notify.Card(f, options)
	if s := m.String(); strings.Contains(s, "0001") || !strings.Contains(s, "  When: unknown\n") {
		t.Errorf("the card:\n%s", s)
	}
}
