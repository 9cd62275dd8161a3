package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

func flooded(n int) (remediate.Roundup, remediate.RoundupContent) {
	d := remediate.Roundup{Channel: "C01PAY", Since: noon, Message: finding.Surface{ID: "1.2"}}
	s := remediate.RoundupContent{Above: 20}
	for i := range n {
		f := publicService()
		f.ID, f.ExpiresAt = fmt.Sprintf("finding%02d", i), noon.Add(time.Hour-time.Duration(i)*time.Minute)
		if i%3 == 0 {
			f.Severity, f.Policy = policies.Medium, "no-default-service-account"
		}
		s.Open = append(s.Open, f)
	}
	return d, s
}

func TestARoundupCountsWhatAsksAndNamesTheNewest(t *testing.T) {
	d, s := flooded(7)
	s.Open = append(s.Open, in(state.Applying))
	s.Ended = []finding.Finding{in(state.Reverted), in(state.Reported), in(state.Reverted)}
	got := notify.Roundup(d, s, notify.Options{BaseURL: "https://rescind.example.com"}).String()
	want := `MANY FINDINGS · 7 more need an answer
Since 22 Nov 2026 12:00 UTC more findings came than this channel takes messages. 7 more need an answer and have no message of their own yet.
  By policy: 4 no-public-invoker, 3 no-default-service-account
  By severity: 4 high, 3 medium
  Being carried out: 1
  Ended without a card: 2 reverted, 1 reported
  First deadline: 22 Nov 2026 12:54 UTC
  On the command line: rescind findings list --state pending
The newest 5 of them:
  anyone on the internet can invoke api: jo@example.com set the allow policy of service api in europe-west1, project pay-prod, until 22 Nov 2026 13:00 UTC  [finding00]
`
	if !strings.HasPrefix(got, want) || strings.Contains(got, "finding05") {
		t.Errorf("roundup:\n%s\nwant it to begin:\n%s", got, want)
	}
}

func TestARoundupHoldsNoNumberThatMayGoStale(t *testing.T) {
	for name, change := range map[string]func(*remediate.Roundup, *remediate.RoundupContent){
		"before it is known where it stands": func(d *remediate.Roundup, _ *remediate.RoundupContent) { d.Message = finding.Surface{} },
		"while the cards are posted":         func(d *remediate.Roundup, _ *remediate.RoundupContent) { d.Over = noon.Add(time.Hour) },
		"once it speaks for nobody":          func(d *remediate.Roundup, s *remediate.RoundupContent) { d.Over, s.Done = noon.Add(time.Hour), true },
	} {
		t.Run(name, func(t *testing.T) {
			d, s := flooded(57)
			change(&d, &s)
			if m := notify.Roundup(d, s, notify.Options{}).String(); strings.Contains(m, "57") || strings.Contains(m, "By policy") {
				t.Errorf("roundup:\n%s", m)
			}
		})
	}
}

func TestARoundupHasNoButtons(t *testing.T) {
	d, s := flooded(57)
	if m := notify.Roundup(d, s, notify.Options{Page: true}); len(m.Buttons) > 0 {
		t.Errorf("buttons: %+v", m.Buttons)
	}
}

func TestARoundupSaysWhereItCountsNoFurther(t *testing.T) {
	d, s := flooded(57)
	s.More = true
	if m := notify.Roundup(d, s, notify.Options{}); !strings.Contains(m.Headline, "at least 57 more need an answer") {
		t.Errorf("headline %q", m.Headline)
	}
}

func TestARoundupOfNoneOneTwoAndOverManyReadsAsAgreed(t *testing.T) {
	for _, n := range []int{0, 1, 2, 57} {
		d, s := flooded(n)
		golden(t, fmt.Sprintf("roundup_of_%d", n), notify.Roundup(d, s, options).String())
	}
}

func TestARoundupReadsAsAgreedFromItsFirstLineToItsLast(t *testing.T) {
	first, s := flooded(3)
	first.Message = finding.Surface{}
	over, last := flooded(3)
	over.Over = noon.Add(time.Hour)
	last.Done = true
	for name, m := range map[string]notify.Message{
		"roundup_posted":  notify.Roundup(first, s, options),
		"roundup_is_over": notify.Roundup(over, s, options),
		"roundup_is_done": notify.Roundup(over, last, options),
		"roundup_no_page": notify.Roundup(first, s, notify.Options{}),
	} {
		golden(t, name, m.String())
	}
}

func TestARoundupCountsTheMostFrequentFirstAndSumsUpTheRest(t *testing.T) {
	d, s := flooded(0)
	for i, p := range []string{"p1", "p2", "p2", "p3", "p3", "p3", "p4", "p5", "p6", "p7"} {
		f := publicService()
		f.ID, f.Policy, f.Severity = fmt.Sprint("f", i), p, []policies.Severity{"", policies.Low, policies.Critical}[i%3]
		s.Open = append(s.Open, f)
	}
	m := notify.Roundup(d, s, options)
	if got := fact(m, "By policy"); got != "3 p3, 2 p2, 1 p1, 1 p4, 1 p5, 2 others" {
		t.Errorf("by policy: %s", got)
	}
	if got := fact(m, "By severity"); got != "3 critical, 3 low, 4 unrated" {
		t.Errorf("by severity: %s", got)
	}
}

func TestARoundupsDeadlineIsTheFirstThereIs(t *testing.T) {
	d, s := flooded(3)
	s.Open[2].ExpiresAt = time.Time{} // stays open
	if got := fact(notify.Roundup(d, s, options), "First deadline"); got != "22 Nov 2026 12:59 UTC" {
		t.Errorf("the first deadline is %q", got)
	}
	for i := range s.Open {
		s.Open[i].ExpiresAt = time.Time{}
	}
	if m := notify.Roundup(d, s, options); strings.Contains(m.String(), "First deadline") || strings.Contains(m.String(), "0001") {
		t.Errorf("a deadline is made up:\n%s", m)
	}
}

func TestARoundupLeadsToWhatItCounts(t *testing.T) {
	d, s := flooded(3)
	if m := notify.Roundup(d, s, notify.Options{BaseURL: "https://rescind.example.com/"}); m.Link != "https://rescind.example.com/findings?state=pending" || !strings.Contains(m.Note, "answered on its page or with rescind findings.") {
		t.Errorf("link %q, note %q", m.Link, m.Note)
	}
	if m := notify.Roundup(d, s, notify.Options{}); m.Link != "" || !strings.Contains(m.Note, "answered with rescind findings.") {
		t.Errorf("without pages: link %q, note %q", m.Link, m.Note)
	}
}
