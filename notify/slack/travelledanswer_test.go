package slack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// travelling is an office whose endpoint passes on what it takes, and a worker
// that answers, in one workspace.
type travelling struct {
	*office
	sent   []desk.Signed
	worker *slack.Receiver
}

func newTravelling(t *testing.T, change ...func(*slack.ReceiverConfig)) *travelling {
	t.Helper()
	tr := &travelling{}
	var clerk slack.ReceiverConfig
	tr.office = newOffice(t, append(change, func(c *slack.ReceiverConfig) {
		clerk = *c
		c.Clerk, c.Later = nil, nil
		if c.Courier == nil {
			c.Courier = courier{took: func(s desk.Signed) { tr.sent = append(tr.sent, s) }}
		}
	})...)
	clerk.Courier = nil
	var err error
	if tr.worker, err = slack.NewReceiver(clerk); err != nil {
		t.Fatal(err)
	}
	return tr
}

// take delivers what was sent, and returns the errors.
func (tr *travelling) take(t *testing.T, s ...desk.Signed) error {
	t.Helper()
	var errs []error
	for _, one := range s {
		errs = append(errs, tr.worker.Take(t.Context(), one))
	}
	return errors.Join(errs...)
}

func TestAnAnswerThatTravelledCountsAsOneThatDidNot(t *testing.T) {
	tr := newTravelling(t)
	f := tr.show(t, publicService())
	tr.click(t, "U01", f, "rescind.revert")
	if len(tr.answers.got) != 0 || len(tr.sent) != 1 {
		t.Fatalf("before it arrives: answers %v, sent %d", tr.answers.got, len(tr.sent))
	}
	if h := tr.sent[0].Header; len(h) != 2 {
		t.Errorf("it travels with the headers %v, want the two that are signed", h)
	}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	want := []finding.Answer{{
		Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Via: "slack:T01/U01",
		At: noon, Revision: 3, Digest: f.Plan.Digest[:8],
	}}
	if d := cmp.Diff(want, tr.answers.got); d != "" || len(tr.notes()) != 0 {
		t.Errorf("answers (-want +got):\n%s\nnotes %v", d, tr.notes())
	}
}

func TestAFormThatTravelledIsFilledInByTheWorkerAndAnswered(t *testing.T) {
	tr := newTravelling(t, func(c *slack.ReceiverConfig) { c.Clerk.Previews = preview{} })
	v := tr.opened(t, "U01", tr.show(t, publicService()), "rescind.exempt")
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	if got := string(tr.Views()[0].Blocks); !strings.Contains(got, "would have covered 3 findings") {
		t.Errorf("the form was not filled in:\n%s", got)
	}
	tr.sent = nil
	if err := tr.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why, "term": "1d"}); err != nil || len(tr.Views()) != 0 {
		t.Fatalf("submit: %v, forms %v", err, tr.Views())
	}
	if err := tr.take(t, tr.sent...); err != nil || len(tr.answers.got) != 1 || !tr.answers.got[0].Until.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("%v: answers %+v", err, tr.answers.got)
	}
}

func TestARefusedAnswerThatTravelledIsExplainedInPrivate(t *testing.T) {
	tr := newTravelling(t)
	f := tr.show(t, publicService())
	v := tr.opened(t, "U01", f, "rescind.keep")
	tr.sent = nil
	if err := tr.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil {
		t.Fatal(err)
	}
	tr.click(t, "U02", f, "rescind.revert")
	tr.answers.fail = &finding.RefusedError{Why: "ada made this change"}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	want := []string{"U01: Not recorded: ada made this change.", "U02: Not recorded: you are not among those who may answer."}
	if d := cmp.Diff(want, tr.notes()); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

func TestWhatTravelledIsVerifiedAgain(t *testing.T) {
	tr := newTravelling(t)
	tr.click(t, "U01", tr.show(t, publicService()), "rescind.revert")
	good := tr.sent[0]
	for _, row := range []struct {
		name   string
		change func(*desk.Signed)
	}{
		{"another body", func(s *desk.Signed) { s.Body = append(s.Body[:len(s.Body):len(s.Body)], 'x') }},
		{"another signature", func(s *desk.Signed) {
			s.Header = map[string]string{"X-Slack-Request-Timestamp": stampOf(noon), "X-Slack-Signature": "v0=" + strings.Repeat("0", 64)}
		}},
		{"no signature", func(s *desk.Signed) { s.Header = nil }},
		{"an old request, published anew", func(s *desk.Signed) { s.At = noon.Add(301 * time.Second) }},
		{"no time of publishing", func(s *desk.Signed) { s.At = time.Time{} }},
		{"signed by somebody else", func(s *desk.Signed) { s.Kind = desk.SignedByIAP }},
		{"of a path there is not", func(s *desk.Signed) { s.Path = "/admin" }},
	} {
		s := good
		row.change(&s)
		if err := tr.take(t, s); err != nil || len(tr.answers.got) != 0 || len(tr.notes()) != 0 {
			t.Errorf("%s: %v, answers %v, notes %v; want it dropped", row.name, err, tr.answers.got, tr.notes())
		}
	}
	if sign := good.Header["X-Slack-Signature"]; strings.Contains(tr.logs.String(), sign[3:]) {
		t.Error("a signature is in the log")
	}
	// It may wait in the queue for longer than a signature lives.
	tr.now = noon.Add(time.Hour)
	if err := tr.take(t, good); err != nil || len(tr.answers.got) != 1 {
		t.Errorf("%v: answers %v", err, tr.answers.got)
	}
}

func TestAnAnswerThatCouldNotBeStoredComesAgainAndSaysNothingYet(t *testing.T) {
	tr := newTravelling(t)
	tr.click(t, "U01", tr.show(t, publicService()), "rescind.revert")
	tr.answers.fail = errors.New("store: unavailable")
	if err := tr.take(t, tr.sent...); err == nil || len(tr.notes()) != 0 {
		t.Errorf("error %v, notes %v", err, tr.notes())
	}
}

func TestAnAnswerThatCouldNotBePassedOnIsSaidSo(t *testing.T) {
	tr := newTravelling(t, func(c *slack.ReceiverConfig) { c.Courier = courier{fail: errors.New("topic: unavailable")} })
	f := tr.show(t, publicService())
	tr.click(t, "U01", f, "rescind.revert")
	if d := cmp.Diff([]string{"U01: Not recorded: it could not be passed on. Nothing was decided; please try again."}, tr.notes()); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
	v := tr.opened(t, "U01", f, "rescind.keep") // a form opens all the same
	if err := tr.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil || len(tr.Views()) != 1 || len(tr.Views()[0].Errors) != 1 {
		t.Errorf("%v: forms %+v", err, tr.Views())
	}
}

func TestWhatIsOfAnotherTeamTravelsOnlyToBeRefused(t *testing.T) {
	tr := newTravelling(t)
	f := tr.show(t, publicService())
	tr.click(t, "U03", f, "rescind.revert")
	tr.click(t, "U03", f, "rescind.keep")
	if err := tr.take(t, tr.sent...); err != nil || len(tr.sent) != 2 || len(tr.notes()) != 2 || len(tr.answers.got) != 0 || len(tr.Views()) != 0 {
		t.Errorf("%v: sent %d, notes %v, answers %v, forms %v", err, len(tr.sent), tr.notes(), tr.answers.got, tr.Views())
	}
}
