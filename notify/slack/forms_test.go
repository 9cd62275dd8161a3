package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

const why = "agreed with the payments team"

// opened has a person press a button that opens a form, and returns the form.
func (o *office) opened(t *testing.T, user string, f remediate.Finding, action string) simslack.View {
	t.Helper()
	o.click(t, user, f, action)
	views := o.Views()
	if len(views) != 1 {
		t.Fatalf("%d forms are open after %s; notes %v\n%s", len(views), action, o.notes(), o.logs.String())
	}
	return views[0]
}

func undoable(f remediate.Finding) remediate.Finding {
	f = decided(f, remediate.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	return f
}

func TestWhatRaisesTheExposureIsAnsweredByAForm(t *testing.T) {
	for _, row := range []struct {
		name   string
		action string
		submit string
		fill   map[string]string
		f      remediate.Finding
		want   remediate.Answer
	}{
		{"keep", "rescind.keep", "Keep change", map[string]string{"reason": why}, publicService(),
			remediate.Answer{Choice: remediate.ChooseKeep, Reason: why}},
		{"exempt", "rescind.exempt", "Exempt for a time", map[string]string{"reason": why, "term": "7d"}, publicService(),
			remediate.Answer{Choice: remediate.ChooseExempt, Reason: why, Until: noon.Add(7 * 24 * time.Hour)}},
		{"undo", "rescind.undo", "Undo revert", map[string]string{"reason": why}, undoable(publicService()),
			remediate.Answer{Choice: remediate.ChooseUndo, Reason: why}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOffice(t)
			f := o.show(t, row.f)
			v := o.opened(t, "U01", f, row.action)
			if len(o.answers.got) != 0 || v.Submit != row.submit {
				t.Fatalf("before the form is sent: answers %v, submit %q", o.answers.got, v.Submit)
			}
			digest := f.Plan.Digest[:8]
			if row.want.Choice == remediate.ChooseUndo {
				digest = f.UndoPlan().Digest[:8]
			}
			if want := "v1." + f.ID + "." + revision(f) + "." + digest + ".C01PAY." + f.Surfaces[0].ID; v.Private != want {
				t.Errorf("the form holds %q, want %q", v.Private, want)
			}
			if err := o.Submit(t.Context(), "U01", v.ID, row.fill); err != nil {
				t.Fatal(err)
			}
			row.want.Principal, row.want.Via, row.want.At = "user:ada@example.com", "slack:T01/U01", noon
			row.want.Revision, row.want.Digest = f.Revision, digest
			if d := cmp.Diff([]remediate.Answer{row.want}, o.answers.got); d != "" || len(o.Views()) != 0 {
				t.Errorf("answers (-want +got):\n%s\nforms %v, notes %v", d, o.Views(), o.notes())
			}
		})
	}
}

func revision(f remediate.Finding) string { return string(rune('0' + f.Revision)) }

func TestAFormIsFilledInAfterItHasOpened(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.Previews = preview{} })
	v := o.opened(t, "U01", o.show(t, publicService()), "rescind.exempt")
	if strings.Contains(string(v.Blocks), "service api") || !strings.Contains(string(v.Blocks), "as soon as it was looked up") {
		t.Errorf("the form was opened with more than the button said:\n%s", v.Blocks)
	}
	o.workLater(t)
	now := o.Views()[0]
	for _, want := range []string{"jo@example.com set the allow policy of service api", "It covers allUsers on api.", "would have covered 3 findings"} {
		if !strings.Contains(string(now.Blocks), want) {
			t.Errorf("no %q in:\n%s", want, now.Blocks)
		}
	}
	if now.Private != v.Private || now.ExternalID != v.ExternalID || now.Edits != 1 {
		t.Errorf("the form became another one: %+v", now)
	}
	if err := o.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why, "term": "1h"}); err != nil || len(o.answers.got) != 1 {
		t.Errorf("submit: %v, answers %v", err, o.answers.got)
	}
}

type preview struct{}

func (preview) Preview(context.Context, string) (remediate.Preview, error) {
	return remediate.Preview{Scope: "allUsers on api", Count: 3}, nil
}

func TestAFormTellsWhoMayNotAnswerBeforeTheyWriteAReason(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.Previews = preview{} })
	o.opened(t, "U02", o.show(t, publicService()), "rescind.exempt")
	o.workLater(t)
	if got := string(o.Views()[0].Blocks); !strings.Contains(got, "you are not among those who may answer") || strings.Contains(got, "would have covered") {
		t.Errorf("the form of a stranger:\n%s", got)
	}
}

func TestAFormThatCannotBeOpenedDecidesNothingAndSaysSo(t *testing.T) {
	for _, row := range []struct {
		name   string
		inject func(o *office)
	}{
		{"as Slack is down", func(o *office) { o.fail(503, "views.open") }},
		{"as there are too many", func(o *office) { o.fail(429, "views.open") }},
		{"as it took too long", func(o *office) {
			o.Inject(func(m string) *simslack.Fault {
				if m == "views.open" {
					o.now = o.now.Add(4 * time.Second)
				}
				return nil
			})
		}},
	} {
		o := newOffice(t)
		f := o.show(t, publicService())
		row.inject(o)
		o.click(t, "U01", f, "rescind.keep")
		want := []string{"U01: The form could not be opened. Nothing was decided; please click again."}
		if d := cmp.Diff(want, o.notes()); d != "" || len(o.Views()) != 0 || len(o.answers.got) != 0 {
			t.Errorf("%s: notes (-want +got):\n%s\nforms %v, answers %v", row.name, d, o.Views(), o.answers.got)
		}
	}
}

func TestWhatIsWrongWithAFormIsSaidInIt(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	v := o.opened(t, "U01", f, "rescind.keep")
	o.answers.fail = &remediate.RefusedError{Why: "user:ada@example.com made this change and cannot keep it"}
	if err := o.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"reason": "Not recorded: user:ada@example.com made this change and cannot keep it."}
	if views := o.Views(); len(views) != 1 || cmp.Diff(want, views[0].Errors) != "" || len(o.notes()) != 0 {
		t.Errorf("forms %+v, notes %v", views, o.notes())
	}
	o.answers.fail = nil
	if err := o.Dismiss(t.Context(), "U01", v.ID); err != nil || len(o.answers.got) != 0 {
		t.Errorf("closing the form: %v, answers %v", err, o.answers.got)
	}
}

// formJSON is a form as it comes back, with its reason, term and metadata.
func formJSON(callback, private, reason, term string) string {
	return `{"type":"view_submission","api_app_id":"A01","team":{"id":"T01"},"user":{"id":"U01","team_id":"T01"},"view":{"type":"modal",` +
		`"callback_id":"` + callback + `","private_metadata":"` + private + `","state":{"values":{` +
		`"reason":{"value":{"type":"plain_text_input","value":"` + reason + `"}},` +
		`"term":{"value":{"type":"static_select","selected_option":{"value":"` + term + `"}}}}}}}`
}

const goodMeta = "v1." + findingID + ".3.7f3a9c21.C01PAY.1795348800.000001"

func TestParseReadsAForm(t *testing.T) {
	got, err := slack.Parse(form(formJSON("rescind.exempt", goodMeta, "  "+why+" ", "8h")))
	want := slack.Interaction{
		Source: slack.FromForm, TeamID: "T01", AppID: "A01", UserID: "U01", UserTeamID: "T01", Channel: "C01PAY", MessageTS: "1795348800.000001",
		Choice: remediate.ChooseExempt, FindingID: findingID, Revision: 3, Digest8: "7f3a9c21", Reason: why, For: 8 * time.Hour,
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestParseSaysWhatIsWrongWithAForm(t *testing.T) {
	for _, row := range []struct {
		name, callback, private, reason, term string
		wrong                                 []string // blocks; none: not one of our forms
	}{
		{"a reason that is too short", "rescind.keep", goodMeta, "ok", "", []string{"reason"}},
		{"a reason of spaces", "rescind.keep", goodMeta, strings.Repeat(" ", 20), "", []string{"reason"}},
		{"a reason that is too long", "rescind.undo", goodMeta, strings.Repeat("a", 501), "", []string{"reason"}},
		{"a time nobody offered", "rescind.exempt", goodMeta, why, "10y", []string{"term"}},
		{"no time and no reason", "rescind.exempt", goodMeta, "", "", []string{"reason", "term"}},
		{"a form for a revert, which takes none", "rescind.revert", goodMeta, why, "", nil},
		{"a form of another version", "rescind.keep", "v2" + goodMeta[2:], why, "", nil},
		{"metadata with more after it", "rescind.keep", goodMeta + ".x", why, "", nil},
		{"metadata without a card", "rescind.keep", "v1." + findingID + ".3.7f3a9c21", why, "", nil},
	} {
		_, err := slack.Parse(form(formJSON(row.callback, row.private, row.reason, row.term)))
		var mistakes *slack.FormError
		switch {
		case row.wrong == nil:
			if !errors.Is(err, slack.ErrButton) {
				t.Errorf("%s: %v, want ErrButton", row.name, err)
			}
		case !errors.As(err, &mistakes) || len(mistakes.Wrong) != len(row.wrong) || mistakes.Wrong[row.wrong[0]] == "":
			t.Errorf("%s: %v", row.name, err)
		}
	}
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
	ended := decided(f, remediate.Expired)
	ended.EndedAt = noon
	o.answers.finding, o.answers.fail = ended, &remediate.RefusedError{Why: "the finding is expired"}
	o.click(t, "U01", f, "rescind.revert")
	if len(o.answers.shown) != 0 {
		t.Errorf("one that ended this very moment is drawn twice: %v", o.answers.shown)
	}
	o.now = noon.Add(time.Minute)
	o.click(t, "U01", f, "rescind.revert")
	want := []remediate.Surface{{Kind: "slack", Channel: "C01PAY", ID: f.Surfaces[0].ID}}
	if d := cmp.Diff(want, o.answers.shown); d != "" {
		t.Errorf("drawn anew (-want +got):\n%s", d)
	}
}

func TestACardOfWhichTheStoreDoesNotKnowIsAdopted(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	o.answers.finding.Surfaces = []remediate.Surface{{Kind: "slack", Channel: "C01PAY", ID: "1.0"}}
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
		{"paged a moment ago", &pager{fail: &remediate.RefusedError{Why: "on-call was paged at 12:00"}}, "U02: Nobody was paged: on-call was paged at 12:00"},
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

type pager struct{ fail error }

func (p *pager) Page(context.Context, string, string, string) (remediate.Finding, error) {
	return remediate.Finding{}, p.fail
}

func TestI10AClickAuthorisesThePlanItsCardShowedAndNoOther(t *testing.T) {
	st := memory.New()
	o := newOffice(t, func(c *slack.ReceiverConfig) {
		desk := c.Clerk.Desk.(remediate.Desk)
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
	f.Plan = remediate.NewPlan(f.Plan.Steps, "")
	if f, err = st.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	o.click(t, "U01", shown, "rescind.revert")
	if got, err := st.Finding(t.Context(), f.ID); err != nil || got.State != remediate.Pending || len(got.Answers) != 0 {
		t.Errorf("%v: the finding is %s", err, got.State)
	}
	if notes := o.notes(); len(notes) != 1 || !strings.Contains(notes[0], "the plan changed since this card was made") {
		t.Errorf("notes %v", notes)
	}
	now := o.show(t, f) // the same card, drawn anew
	o.click(t, "U01", now, "rescind.revert")
	if got, err := st.Finding(t.Context(), f.ID); err != nil || got.State != remediate.Approved || got.Answers[0].Digest != f.Plan.Digest[:8] {
		t.Errorf("%v: the finding is %s, notes %v", err, got.State, o.notes())
	}
}

func TestFormsReadAsAgreed(t *testing.T) {
	for _, row := range []struct {
		action string
		f      remediate.Finding
	}{{"rescind.keep", publicService()}, {"rescind.exempt", publicService()}, {"rescind.undo", undoable(publicService())}} {
		o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.Previews = preview{} })
		o.opened(t, "U01", o.show(t, row.f), row.action)
		o.workLater(t)
		v := o.Views()[0]
		var got bytes.Buffer
		if err := json.Indent(&got, v.Blocks, "", " "); err != nil {
			t.Fatal(err)
		}
		golden(t, "form-"+strings.TrimPrefix(row.action, "rescind.")+".txt", append([]byte(v.Title+" / "+v.Submit+"\n"), got.Bytes()...))
	}
}
