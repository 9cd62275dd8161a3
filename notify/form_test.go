package notify_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
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
	form = form.Filled(publicService()).Covering(remediate.Preview{Scope: "roles/run.invoker to allUsers on service api", Count: 1, Examples: []finding.Finding{in(state.Reverted)}})
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
	if got := strings.Join(form.Covering(remediate.Preview{Count: 200, AtLeast: true}).About, " "); !strings.Contains(got, "at least 200 findings") {
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
