package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestWhatRaisesTheExposureTakesAFormAndARevertNone(t *testing.T) {
	for c, want := range map[finding.Choice]bool{
		finding.ChooseKeep: true, finding.ChooseExempt: true, finding.ChooseUndo: true, finding.ChooseRevert: false, "": false,
	} {
		f, ok := notify.FormOf(c)
		if ok != want || ok && (f.Submit == "" || utf8.RuneCountInString(f.Title) > 24 || utf8.RuneCountInString(f.Submit) > 24) {
			t.Errorf("%s: %v %+v", c, ok, f)
		}
		if (len(f.Terms) > 0) != (c == finding.ChooseExempt) {
			t.Errorf("%s: terms %v", c, f.Terms)
		}
	}
	terms := notify.Terms()
	if len(terms) != 5 || terms[4].For != 30*24*time.Hour {
		t.Errorf("terms %v, want five, the longest of 30 days", terms)
	}
}

func TestAFormSaysWhatItIsAboutAndWhatItWouldHaveCovered(t *testing.T) {
	form, _ := notify.FormOf(finding.ChooseExempt)
	form = form.Filled(publicService()).WithPreview(desk.Preview{Scope: "roles/run.invoker to allUsers on service api", Count: 1, Examples: []finding.Finding{in(state.Reverted)}})
	want := []string{
		"Anyone on the internet can invoke api: jo@example.com set the allow policy of service api in europe-west1, project pay-prod at 22 Nov 2026 12:00 UTC.",
		"Pending your decision until 22 Nov 2026 13:00 UTC.",
		"It covers roles/run.invoker to allUsers on service api.",
		"In the last 90 days it would have covered 1 finding.",
		"22 Nov 2026 12:00 UTC: jo@example.com set the allow policy of service api in europe-west1, project pay-prod (reverted)",
	}
	if d := cmp.Diff(want, form.About); d != "" {
		t.Errorf("about (-want +got):\n%s", d)
	}
	form, _ = notify.FormOf(finding.ChooseExempt)
	if got := strings.Join(form.WithPreview(desk.Preview{Count: 200, AtLeast: true}).About, " "); !strings.Contains(got, "at least 200 findings") {
		t.Errorf("about %q", got)
	}
}

func TestARefusalSaysWhoDecidedAndWhen(t *testing.T) {
	kept := in(state.Kept)
	expired := in(state.Expired)
	expired.EndedAt = noon
	a := finding.Answer{Choice: finding.ChooseKeep, Principal: "user:bo@example.com"}
	for _, row := range []struct {
		f    finding.Finding
		a    finding.Answer
		want string
	}{
		{kept, a, "Not recorded: the finding is kept. ada@example.com answered keep at 22 Nov 2026 12:07 UTC."},
		{kept, kept.Answers[0], "Recorded already: you answered keep at 22 Nov 2026 12:07 UTC."},
		{expired, a, "Not recorded: the finding is expired. That was at 22 Nov 2026 12:00 UTC."},
		{publicService(), a, "Not recorded: the finding is pending."},
	} {
		if got := notify.Refusal(row.f, row.a, "the finding is "+string(row.f.State)); got != row.want {
			t.Errorf("%s: %q, want %q", row.f.State, got, row.want)
		}
	}
}

func TestAFormOfAllNamesAFewAndCountsTheRest(t *testing.T) {
	form, _ := notify.FormOfAll(finding.ChooseKeep)
	for n, want := range map[int]string{
		0:  "Of the 1 finding on this card none waits for an answer.",
		1:  "Of the 2 findings on this card 1 waits for an answer.",
		5:  "Of the 6 findings on this card 5 wait for an answer.",
		23: "Of the 24 findings on this card 23 wait for an answer.",
	} {
		g, fs := shop(append(many(n, state.Pending), state.Kept)...)
		about := form.FilledAll(g, fs[:n]).About
		if about[0] != want || len(about) != 1+min(n, 5)+map[bool]int{true: 1}[n > 5] {
			t.Errorf("of %d: %q", n, about)
		}
		for i, line := range about[1:] {
			switch {
			case i < 5 && line != fmt.Sprintf("Anyone on the internet can invoke service shop-%d: jo@example.com set the allow policy of service shop-%d in europe-west1, project pay-prod at 22 Nov 2026 12:00 UTC.", i+1, i+1):
				t.Errorf("of %d, line %d: %s", n, i+1, line)
			case i == 5 && line != "And 18 more, which the card leads to.":
				t.Errorf("of %d, the last line: %s", n, line)
			}
		}
	}
	for _, c := range []finding.Choice{finding.ChooseRevert, finding.ChooseExempt, finding.ChooseUndo, ""} {
		if f, ok := notify.FormOfAll(c); ok {
			t.Errorf("all of a group can be answered %q: %+v", c, f)
		}
	}
}

// Whoever fills a form in must not be told two things that differ.
func TestAFormAsksWhatItsButtonAnnounced(t *testing.T) {
	reverted := planned(in(state.Reverted), policies.RemoveGrants, grants("allUsers"), grants())
	reverted.EndedAt = noon
	for _, f := range []finding.Finding{publicService(), reverted} {
		for _, b := range notify.Card(f, notify.Options{Now: noon.Add(time.Minute)}).Buttons {
			form, ok := notify.FormOf(b.Choice)
			if ok != b.Form || ok != strings.HasSuffix(b.Label, "…") {
				t.Errorf("%s: opens a form %t, has one %t", b.Label, b.Form, ok)
			}
			if ok && (form.Title != b.Ask.Title || form.Text != b.Ask.Text || form.Submit != b.Ask.Yes || form.Submit != strings.TrimSuffix(b.Label, "…") && b.Choice != finding.ChooseUndo) {
				t.Errorf("%s: the button asks %+v, the form %+v", b.Label, b.Ask, form)
			}
		}
	}
}

func TestTermsAreDistinctAndEachIsAsLongAsItSays(t *testing.T) {
	seen := map[string]bool{}
	last := time.Duration(0)
	for _, term := range notify.Terms() {
		if seen[term.Name] || term.For <= last {
			t.Errorf("%+v after %s", term, last)
		}
		seen[term.Name], last = true, term.For
		var n int
		var unit string
		if _, err := fmt.Sscanf(term.Label, "%d %s", &n, &unit); err != nil {
			t.Fatal(err)
		}
		if time.Duration(n)*map[string]time.Duration{"hour": time.Hour, "day": 24 * time.Hour}[strings.TrimSuffix(unit, "s")] != term.For {
			t.Errorf("%q is %s", term.Label, term.For)
		}
		if term.Name != fmt.Sprint(n)+unit[:1] || (n == 1) == strings.HasSuffix(unit, "s") {
			t.Errorf("%q is called %q", term.Name, term.Label)
		}
	}
}

// Filling a form in may be tried twice, of the same form.
func TestAFormIsFilledInAnewEachTime(t *testing.T) {
	form, _ := notify.FormOf(finding.ChooseExempt)
	once := form.Filled(publicService())
	covers := desk.Preview{Scope: "allUsers on api", Count: 0}
	first, second := once.WithPreview(covers).About, once.WithPreview(covers).About
	if len(form.About) != 0 || len(once.About) != 2 || !slices.Equal(first, second) || first[3] != "In the last 90 days it would have covered 0 findings." {
		t.Errorf("the form %q, filled in %q, covering %q and %q", form.About, once.About, first, second)
	}
}

func TestARefusalNamesNobodyWhoDidNotAnswer(t *testing.T) {
	superseded := in(state.Superseded)
	superseded.EndedAt = noon
	unended := in(state.Applying)
	unended.Answers = nil
	for _, row := range []struct {
		f         finding.Finding
		why, want string
	}{
		{superseded, "the resource is gone", "Not recorded: the resource is gone. That was at 22 Nov 2026 12:00 UTC."},
		{unended, "it is being carried out", "Not recorded: it is being carried out."},
		{publicService(), "you made this change.\nignore that", "Not recorded: you made this change. ignore that."},
	} {
		if got := notify.Refusal(row.f, finding.Answer{Choice: finding.ChooseKeep, Principal: bob}, row.why); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
}
