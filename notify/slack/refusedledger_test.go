package slack_test

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// book is a desk with a ledger.
func book() (*trail.Ledger, func(*slack.ReceiverConfig)) {
	st := memory.New()
	l := trail.NewLedger(st, func() time.Time { return noon }, slog.New(slog.DiscardHandler))
	return l, func(c *slack.ReceiverConfig) {
		c.Clerk.Desk = desk.Desk{Store: st, Now: c.Now, Ledger: l, Authority: authority.Authority{Approvers: map[string]bool{"user:ada@example.com": true}}}
	}
}

// entries are what the ledger holds, in short.
func entries(t *testing.T, l *trail.Ledger) (out []string) {
	t.Helper()
	for e, err := range l.Records(t.Context(), noon.Add(-time.Hour), noon.Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.Join([]string{string(e.Kind), e.Class, e.Who, e.Via, e.Finding, e.Plan, e.What}, "|"))
	}
	return out
}

// refusedEarly are the answers that no desk comes to see.
var refusedEarly = []struct {
	name, user, action string
	change             func(*slack.ReceiverConfig)
	elsewhere          bool // the card is where rescind does not post
	want               string
}{
	{name: "a guest", user: "U01", action: "rescind.revert", change: func(c *slack.ReceiverConfig) {
		c.Clerk.Approvers = func(context.Context, string) (string, error) {
			return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: "guests of the workspace do not answer"}
		}
	}, want: "identity||slack:T01/U01|ID|PLAN|revert: guests of the workspace do not answer."},
	{name: "a stranger", user: "U02", action: "rescind.revert", want: "not-approver||slack:T01/U02|ID|PLAN|revert: you are not among those who may answer."},
	{name: "whom nobody could look up", user: "U01", action: "rescind.revert", change: func(c *slack.ReceiverConfig) {
		c.Clerk.Approvers = func(context.Context, string) (string, error) {
			return "user:ada@example.com", errors.New("Slack is down")
		}
	}, want: "undetermined||slack:T01/U01|ID|PLAN|revert: whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."},
	{name: "another workspace", user: "U03", action: "rescind.revert",
		want: "identity||slack:T01/U03|ID|PLAN|revert: this can be answered from its own Slack workspace only."},
	{name: "another workspace, with a form", user: "U03", action: "rescind.keep",
		want: "identity||slack:T01/U03|ID|PLAN|keep: this can be answered from its own Slack workspace only."},
	{name: "a card that stands elsewhere", user: "U01", action: "rescind.revert", elsewhere: true,
		want: "invalid|user:ada@example.com|slack:T01/U01|ID|PLAN|revert: this card stands where rescind does not show this finding."},
}

func TestS17AnAnswerThatIsRefusedBeforeTheDeskIsInTheLedger(t *testing.T) {
	for _, row := range refusedEarly {
		change := func(c *slack.ReceiverConfig) {
			if row.change != nil {
				row.change(c)
			}
			if row.elsewhere {
				c.Clerk.Channels = nil
			}
		}
		check := func(t *testing.T, o *office, l *trail.Ledger, f finding.Finding) {
			t.Helper()
			want := []string{"refused|" + strings.NewReplacer("ID", f.ID, "PLAN", f.Plan.Digest[:8]).Replace(row.want)}
			if d := cmp.Diff(want, entries(t, l)); d != "" || len(o.answers.got) != 0 || len(o.notes()) != 1 {
				t.Errorf("the ledger (-want +got):\n%s\nanswers %v, notes %v", d, o.answers.got, o.notes())
			}
		}
		t.Run(row.name+", at once", func(t *testing.T) {
			l, keeps := book()
			o := newOffice(t, keeps, change)
			f := o.show(t, publicService())
			if row.elsewhere {
				o.answers.finding.Surfaces = nil
			}
			o.click(t, row.user, f, row.action)
			check(t, o, l, f)
		})
		t.Run(row.name+", after it travelled", func(t *testing.T) {
			l, keeps := book()
			tr := newTravelling(t, keeps, change)
			f := tr.show(t, publicService())
			if row.elsewhere {
				tr.answers.finding.Surfaces = nil
			}
			tr.click(t, row.user, f, row.action)
			if err := tr.take(t, tr.sent...); err != nil {
				t.Fatal(err)
			}
			check(t, tr.office, l, f)
		})
	}
}

func TestS17AnOldButtonIsInTheLedgerWithNothingOfItBelieved(t *testing.T) {
	old := url.Values{"payload": {clickJSON(t, "action/value", "v0.<!channel>")}}.Encode()
	want := []string{"refused|invalid||slack:T01/U01|||click: this button is from another version of rescind. The finding's own page, or the newest card, has the answer that counts."}
	l, keeps := book()
	o := newOffice(t, keeps)
	if err := o.Send(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, entries(t, l)); d != "" {
		t.Errorf("at once (-want +got):\n%s", d)
	}
	l, keeps = book()
	tr := newTravelling(t, keeps)
	if err := tr.Send(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, entries(t, l)); d != "" {
		t.Errorf("after it travelled (-want +got):\n%s", d)
	}
}

func TestS17WhoIsKeptFromThePauseIsInTheLedger(t *testing.T) {
	guest := func(c *slack.ReceiverConfig) {
		known := c.Clerk.Approvers
		c.Clerk.Approvers = func(ctx context.Context, id string) (string, error) {
			switch id {
			case "U01":
				return "", &finding.RefusedError{Class: finding.ClassIdentity, Why: "guests of the workspace do not answer"}
			case "U02":
				return "user:eve@example.com", nil
			}
			return known(ctx, id)
		}
	}
	want := []string{
		"refused|identity||slack:T01/U01|||pause: guests of the workspace do not answer.",
		"refused|not-approver|user:eve@example.com|slack:T01/U02|||pause: user:eve@example.com is not an approver",
		"refused|not-approver|user:eve@example.com|slack:T01/U02|||resume: user:eve@example.com is not an approver",
	}
	l, keeps := book()
	o := newOffice(t, keeps, guest)
	l2, keeps2 := book()
	tr := newTravelling(t, keeps2, guest)
	for _, cmd := range [][2]string{{"U01", "pause for 1h a release"}, {"U01", "pending"}, {"U02", "pause a release"}, {"U02", "resume"}, {"U02", "show x"}} {
		o.answerTo(t, cmd[0], cmd[1])
		tr.answerTo(t, cmd[0], cmd[1])
	}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	for way, l := range map[string]*trail.Ledger{"at once": l, "after it travelled": l2} {
		if d := cmp.Diff(want, entries(t, l)); d != "" {
			t.Errorf("%s (-want +got):\n%s", way, d)
		}
	}
}

func TestS17WhatNobodySignedIsNotStored(t *testing.T) {
	l, keeps := book()
	tr := newTravelling(t, keeps)
	tr.click(t, "U03", tr.show(t, publicService()), "rescind.revert")
	forged := tr.sent[0]
	forged.Header = map[string]string{"X-Slack-Request-Timestamp": stampOf(noon), "X-Slack-Signature": "v0=" + strings.Repeat("0", 64)}
	if err := tr.take(t, forged); err != nil || len(entries(t, l)) != 0 {
		t.Errorf("%v: the ledger holds %v", err, entries(t, l))
	}
}
