package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

// tricks are what strangers write so that a text reads as another one.
var tricks = map[string]string{
	"line breaks":           "a\r\nb\nc\u2028d\u2029e\u0085f\vg\fh",
	"a turned direction":    "\u202eegnahc eht\u202c \u2066x\u2069 \u200f\u061c",
	"nothing to be seen":    "all\u200bUs\u2060er\ufeffs\u00ad\u034f\u3164\u2800\u115f",
	"variation selectors":   "all\ufe00Users\U000e0100",
	"tags":                  "ok\U000e0041\U000e007f",
	"terminal control":      "\x1b[2J\x1b]0;x\a\x00\x7f\u009b31m",
	"half a character":      "\xff\xfe\xc3(",
	"spaces of every width": "a\u00a0\u2003\u200a\u3000b\tc",
	"a very long text":      strings.Repeat("𝕏ö long ", 300),
}

// readable fails the test unless everything in v is one line of plain text that
// hides nothing.
func readable(t *testing.T, about string, v any) {
	t.Helper()
	texts(v, func(path, s string) {
		if !utf8.ValidString(s) {
			t.Errorf("%s: %s is no text: %q", about, path, s)
		}
		for _, r := range s {
			if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || unicode.IsSpace(r) && r != ' ' {
				t.Errorf("%s: %s holds %U: %.80q", about, path, r, s)
				return
			}
		}
	})
}

func TestNothingAStrangerWroteHidesOrPosesAsSomethingElseOnACard(t *testing.T) {
	for name, trick := range tricks {
		for _, s := range allStates() {
			for about, f := range map[string]finding.Finding{"a finding": in(s), "an undo": undoIn(s)} {
				f = strangers(f, trick)
				f.EndedAt = noon
				o := options
				o.Now, o.Page, o.Needs = noon.Add(time.Minute), true, func(finding.Finding) string { return trick }
				readable(t, fmt.Sprintf("%s that is %s, with %s", about, s, name), notify.Card(f, o))
			}
		}
	}
}

func TestNothingAStrangerWroteHidesInWhatSpeaksForManyFindings(t *testing.T) {
	for name, trick := range tricks {
		g, fs := shop(state.Pending, state.Reverted, state.Pending)
		fill(&g, func(_ string, named bool) (string, bool) { return trick, !named })
		for i := range fs {
			fs[i] = strangers(fs[i], trick)
		}
		readable(t, "a group, with "+name, notify.GroupCard(g, fs, options))
		g.Agreed, g.Cause.Limit = nil, ""
		readable(t, "a group that nobody decided, with "+name, notify.GroupCard(g, fs, options))
		flood, sum := flooded(3)
		sum.Open, sum.Ended = fs, fs
		readable(t, "a roundup, with "+name, notify.Roundup(flood, sum, options))
		form, _ := notify.FormOf(finding.ChooseExempt)
		readable(t, "a form, with "+name, form.Filled(fs[0]).WithPreview(desk.Preview{Scope: trick, Examples: fs}))
		all, _ := notify.FormOfAll(finding.ChooseKeep)
		readable(t, "a form of all, with "+name, all.FilledAll(g, fs))
		readable(t, "a refusal, with "+name, notify.Refusal(fs[0], finding.Answer{Principal: "user:ada@example.com", Choice: finding.ChooseKeep}, trick))
		readable(t, "a trail, with "+name, notify.Trail(fs[0].Timeline))
		readable(t, "the state of a trail, with "+name, notify.TrailSays(fs[0]))
	}
}

// A name of ten thousand characters must not push off the card what decides.
func TestALongTextLeavesRoomForWhatComesAfterIt(t *testing.T) {
	f := strangers(publicService(), strings.Repeat("x", 10_000))
	f.Resource.Project = "pay-prod"
	m := notify.Card(f, options)
	if n := utf8.RuneCountInString(m.Headline); n > 150 || !strings.HasPrefix(m.Headline, "HIGH · xxx") || !strings.HasSuffix(m.Headline, "… · pay-prod") {
		t.Errorf("the headline has %d characters: %.60s … %s", n, m.Headline, m.Headline[len(m.Headline)-20:])
	}
	if n := utf8.RuneCountInString(m.Wrong); n > 301 {
		t.Errorf("what is wrong takes %d characters", n)
	}
	if !strings.HasPrefix(m.Text, "Pending your decision until 22 Nov 2026 13:00 UTC. ") {
		t.Errorf("read aloud it begins: %.80s", m.Text)
	}
}

// Lists are cleaned in place, and a finding is drawn by several at once.
func TestACardIsDrawnFromAFindingAndLeavesItAlone(t *testing.T) {
	for _, s := range allStates() {
		f := strangers(in(s), "a\u202eb")
		before := fmt.Sprintf("%+v", f)
		first, second := notify.Card(f, options), notify.Card(f, options)
		if fmt.Sprint(first) != fmt.Sprint(second) {
			t.Errorf("%s: drawn twice it reads otherwise", s)
		}
		if after := fmt.Sprintf("%+v", f); after != before {
			t.Errorf("%s: the finding became\n%s\nof\n%s", s, after, before)
		}
		if slices.ContainsFunc(f.Reasons, func(r string) bool { return r != "a\u202eb" }) {
			t.Errorf("%s: its reasons became %q", s, f.Reasons)
		}
	}
}
