package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
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

func TestADigestCountsWhatAsksAndNamesTheNewest(t *testing.T) {
	d, s := flooded(7)
	s.Open = append(s.Open, in(state.Applying))
	s.Ended = []finding.Finding{in(state.Reverted), in(state.Reported), in(state.Reverted)}
	got := notify.Digest(d, s, notify.Options{BaseURL: "https://rescind.example.com"}).String()
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
		t.Errorf("digest:\n%s\nwant it to begin:\n%s", got, want)
	}
}

func TestADigestHoldsNoNumberThatMayGoStale(t *testing.T) {
	for name, change := range map[string]func(*remediate.Roundup, *remediate.RoundupContent){
		"before it is known where it stands": func(d *remediate.Roundup, _ *remediate.RoundupContent) { d.Message = finding.Surface{} },
		"while the cards are posted":         func(d *remediate.Roundup, _ *remediate.RoundupContent) { d.Over = noon.Add(time.Hour) },
		"once it speaks for nobody":          func(d *remediate.Roundup, s *remediate.RoundupContent) { d.Over, s.Done = noon.Add(time.Hour), true },
	} {
		t.Run(name, func(t *testing.T) {
			d, s := flooded(57)
			change(&d, &s)
			if m := notify.Digest(d, s, notify.Options{}).String(); strings.Contains(m, "57") || strings.Contains(m, "By policy") {
				t.Errorf("digest:\n%s", m)
			}
		})
	}
}

func TestADigestHasNoButtons(t *testing.T) {
	d, s := flooded(57)
	if m := notify.Digest(d, s, notify.Options{Page: true}); len(m.Buttons) > 0 {
		t.Errorf("buttons: %+v", m.Buttons)
	}
}

func TestADigestSaysWhereItCountsNoFurther(t *testing.T) {
	d, s := flooded(57)
	s.More = true
	if m := notify.Digest(d, s, notify.Options{}); !strings.Contains(m.Headline, "at least 57 more need an answer") {
		t.Errorf("headline %q", m.Headline)
	}
}
