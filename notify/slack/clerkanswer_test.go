package slack_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
)

func TestS9ACardThatWasNotPostedByRescindDecidesNothing(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.Channels = []string{"C01ELSE"} })
	f := o.show(t, publicService())
	o.answers.finding.Surfaces = nil
	o.click(t, "U01", f, "rescind.revert")
	if d := cmp.Diff([]string{"U01: Not recorded: this card stands where rescind does not show this finding."}, o.notes()); d != "" || len(o.answers.got) != 0 {
		t.Errorf("notes (-want +got):\n%s\nanswers %v", d, o.answers.got)
	}
	o.answers.finding.Surfaces = f.Surfaces // the routes changed since it was posted
	o.click(t, "U01", f, "rescind.revert")
	if len(o.answers.got) != 1 {
		t.Errorf("notes %v", o.notes())
	}
}

func TestS9AClickOnAnEndedFindingHasItsCardDrawnAnew(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	ended := decided(f, state.Expired)
	ended.EndedAt = noon
	o.answers.finding, o.answers.fail = ended, &finding.RefusedError{Why: "the finding is expired"}
	o.click(t, "U01", f, "rescind.revert")
	if len(o.answers.shown) != 0 {
		t.Errorf("one that ended this very moment is drawn twice: %v", o.answers.shown)
	}
	o.now = noon.Add(time.Minute)
	o.click(t, "U01", f, "rescind.revert")
	want := []finding.Surface{{Kind: "slack", Channel: "C01PAY", ID: f.Surfaces[0].ID}}
	if d := cmp.Diff(want, o.answers.shown); d != "" {
		t.Errorf("drawn anew (-want +got):\n%s", d)
	}
}

func TestACardOfWhichTheStoreDoesNotKnowIsAdopted(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	o.answers.finding.Surfaces = []finding.Surface{{Kind: "slack", Channel: "C01PAY", ID: "1.0"}}
	o.click(t, "U01", f, "rescind.revert")
	if len(o.answers.got) != 1 || len(o.answers.shown) != 1 || o.answers.shown[0].ID != f.Surfaces[0].ID {
		t.Errorf("answers %v, adopted %v", o.answers.got, o.answers.shown)
	}
}

func TestOnCallIsPagedAtTheClickAndThePersonTold(t *testing.T) {
	for _, row := range []struct {
		name string
		call slack.Escalator
		want string
	}{
		{"paged", &pager{}, "U02: On-call is being paged about this finding."},
		{"paged a moment ago", &pager{fail: &finding.RefusedError{Why: "on-call was paged at 12:00"}}, "U02: Nobody was paged: on-call was paged at 12:00"},
		{"nobody to page", nil, "U02: Nobody was paged: no on-call is configured."},
	} {
		o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.OnCall = row.call })
		o.show(t, publicService())
		body := clickJSON(t, "action/action_id", "rescind.page")
		body = strings.NewReplacer(`"id":"U01"`, `"id":"U02"`, "https://hooks.slack.com/", "http://unreachable.invalid/").Replace(body)
		if got := o.post(form(body), signed(stampOf(noon), form(body), signingSecret), slack.InteractionsPath); got != http.StatusOK {
			t.Errorf("%s: HTTP %d", row.name, got)
		}
		if d := cmp.Diff([]string{row.want}, o.notes()); d != "" || len(o.answers.got) != 0 {
			t.Errorf("%s: notes (-want +got):\n%s", row.name, d)
		}
	}
}

type pager struct {
	fail  error
	paged int
}

func (p *pager) Page(context.Context, string, string, string) (finding.Finding, error) {
	p.paged++
	return finding.Finding{}, p.fail
}

func TestI10AClickAuthorisesThePlanItsCardShowedAndNoOther(t *testing.T) {
	st := memory.New()
	o := newOffice(t, func(c *slack.ReceiverConfig) {
		desk := c.Clerk.Desk.(desk.Desk)
		desk.Store = st
		c.Clerk.Answers, c.Clerk.Findings = desk, st
	})
	f, err := st.Create(t.Context(), publicService())
	if err != nil {
		t.Fatal(err)
	}
	shown := o.show(t, f)
	f.Surfaces = shown.Surfaces
	f.Plan.Steps[0].Before.Grants = append(f.Plan.Steps[0].Before.Grants, cloud.Grant{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"})
	f.Plan = judge.NewPlan(f.Plan.Steps, "")
	if f, err = st.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	o.click(t, "U01", shown, "rescind.revert")
	if got, err := st.Finding(t.Context(), f.ID); err != nil || got.State != state.Pending || len(got.Answers) != 0 {
		t.Errorf("%v: the finding is %s", err, got.State)
	}
	if notes := o.notes(); len(notes) != 1 || !strings.Contains(notes[0], "the plan changed since this card was made") {
		t.Errorf("notes %v", notes)
	}
	now := o.show(t, f) // the same card, drawn anew
	o.click(t, "U01", now, "rescind.revert")
	if got, err := st.Finding(t.Context(), f.ID); err != nil || got.State != state.Approved || got.Answers[0].Digest != f.Plan.Digest[:8] {
		t.Errorf("%v: the finding is %s, notes %v", err, got.State, o.notes())
	}
}
