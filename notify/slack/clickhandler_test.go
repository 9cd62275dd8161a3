package slack_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

func TestAClickOnACardIsRecordedAsItsAnswer(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	want := []finding.Answer{{
		Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Via: "slack:T01/U01",
		At: noon, Revision: 3, Digest: f.Plan.Digest[:8],
	}}
	if d := cmp.Diff(want, o.answers.got); d != "" || len(o.notes()) != 0 {
		t.Errorf("answers (-want +got):\n%s\nnotes %v", d, o.notes())
	}
}

func TestI9ADecidedCardHasNoButtonToClick(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, decided(o.show(t, publicService()), state.Kept))
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.revert"); !errors.Is(err, simslack.ErrNoButton) {
		t.Errorf("click: %v", err)
	}
}

func TestAClickThatIsNotRecordedIsAnsweredInPrivate(t *testing.T) {
	kept := decided(publicService(), state.Kept)
	kept.Answers = []finding.Answer{{Principal: "user:bo@example.com", Choice: finding.ChooseKeep, At: noon}}
	mine := decided(publicService(), state.Approved)
	mine.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: finding.ChooseRevert, At: noon}}
	for _, row := range []struct {
		name, user string
		fail       error
		as         finding.Finding
		change     func(*slack.ReceiverConfig)
		want       string
	}{
		{name: "late", user: "U01", fail: fmt.Errorf("answer: %w", &finding.RefusedError{Why: "the finding is kept: kept by user:bo@example.com"}), as: kept,
			want: "U01: Not recorded: the finding is kept: kept by user:bo@example.com. bo@example.com answered keep at 22 Nov 2026 12:00 UTC."},
		{name: "twice", user: "U01", fail: &finding.RefusedError{Why: "the finding is approved"}, as: mine,
			want: "U01: Recorded already: you answered revert at 22 Nov 2026 12:00 UTC."},
		{name: "by nobody we know", user: "U02", want: "U02: Not recorded: you are not among those who may answer."},
		{name: "from another workspace", user: "U03", want: "U03: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "to another app", user: "U01", change: func(c *slack.ReceiverConfig) { c.AppID = "A99" },
			want: "U01: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "with the store down", user: "U01", fail: errors.New("store: unavailable"),
			want: "U01: Not recorded: it could not be stored. Nothing was decided; please try again."},
		{name: "with the store slow", user: "U01", fail: fmt.Errorf("store: %w", context.DeadlineExceeded),
			want: "U01: It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again."},
		{name: "about nothing we know", user: "U01", fail: fault.ErrNotFound, want: "U01: Not recorded: rescind knows no such finding any more."},
		{name: "by somebody who may never", user: "U01", change: func(c *slack.ReceiverConfig) {
			c.Clerk.Approvers = func(context.Context, string) (string, error) {
				return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: "guests of the workspace do not answer"}
			}
		}, want: "U01: Not recorded: guests of the workspace do not answer."},
		{name: "with the look-up down", user: "U01", change: func(c *slack.ReceiverConfig) {
			c.Clerk.Approvers = func(context.Context, string) (string, error) {
				return "user:ada@example.com", errors.New("directory: unavailable")
			}
		}, want: "U01: Not recorded: whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOffice(t, func(c *slack.ReceiverConfig) {
				if row.change != nil {
					row.change(c)
				}
			})
			f := o.show(t, publicService())
			o.answers.fail = row.fail
			if row.as.ID != "" {
				o.answers.finding = row.as
			}
			o.click(t, row.user, f, "rescind.revert")
			if d := cmp.Diff([]string{row.want}, o.notes()); d != "" || len(o.answers.got) != 0 {
				t.Errorf("notes (-want +got):\n%s\nanswers %v", d, o.answers.got)
			}
		})
	}
}

// stuck is a store that answers nobody.
type stuck struct{}

func (stuck) Answer(ctx context.Context, _ string, _ finding.Answer) (finding.Finding, error) {
	<-ctx.Done()
	return finding.Finding{}, ctx.Err()
}

func (stuck) RecordSurface(context.Context, string, finding.Surface) (finding.Finding, error) {
	return finding.Finding{}, nil
}

func TestAStuckStoreDoesNotOutlastSlacksPatience(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) {
		c.Clerk.Answers, c.ResponseURLs, c.APIURL = stuck{}, "", "http://127.0.0.1:1/"
	})
	body := form(clickJSON(t, "response_url", ""))
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if status := o.post(body, signed(stampOf(noon), body, signingSecret), "/"); status != http.StatusInternalServerError {
			t.Errorf("HTTP %d for a click that was neither recorded nor answered", status)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

func TestALinkIsAcknowledgedAndDecidesNothing(t *testing.T) {
	o := newOffice(t)
	o.click(t, "U02", o.show(t, publicService()), "rescind.open")
	if len(o.answers.got) != 0 || len(o.notes()) != 0 {
		t.Errorf("answers %v, notes %v", o.answers.got, o.notes())
	}
}

func TestS5ARequestOfAnotherTeamOrOfNoneDecidesNothing(t *testing.T) {
	for _, row := range []struct {
		name, path string
		v          any
		status     int
	}{
		{"another team", "team/id", "T99", http.StatusOK},
		{"a person of another team", "user/team_id", "T99", http.StatusOK},
		{"another app", "api_app_id", "A99", http.StatusOK},
		{"no team, as where an app is installed for a whole organization", "team", nil, http.StatusBadRequest},
	} {
		o := newOffice(t)
		body := form(clickJSON(t, row.path, row.v))
		if got := o.post(body, signed(stampOf(noon), body, signingSecret), slack.InteractionsPath); got != row.status || len(o.answers.got) != 0 {
			t.Errorf("%s: HTTP %d, answers %v", row.name, got, o.answers.got)
		}
	}
}
