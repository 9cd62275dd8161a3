package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

const why = "agreed with the payments team"

// opened has a person press a button that opens a form, and returns the form.
func (o *office) opened(t *testing.T, user string, f finding.Finding, action string) simslack.View {
	t.Helper()
	o.click(t, user, f, action)
	views := o.Views()
	if len(views) != 1 {
		t.Fatalf("%d forms are open after %s; notes %v\n%s", len(views), action, o.notes(), o.logs.String())
	}
	return views[0]
}

func undoable(f finding.Finding) finding.Finding {
	f = decided(f, state.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	return f
}

func TestWhatRaisesTheExposureIsAnsweredByAForm(t *testing.T) {
	for _, row := range []struct {
		name   string
		action string
		submit string
		fill   map[string]string
		f      finding.Finding
		want   finding.Answer
	}{
		{"keep", "rescind.keep", "Keep change", map[string]string{"reason": why}, publicService(),
			finding.Answer{Choice: finding.ChooseKeep, Reason: why}},
		{"exempt", "rescind.exempt", "Exempt for a time", map[string]string{"reason": why, "term": "7d"}, publicService(),
			finding.Answer{Choice: finding.ChooseExempt, Reason: why, Until: noon.Add(7 * 24 * time.Hour)}},
		{"undo", "rescind.undo", "Undo revert", map[string]string{"reason": why}, undoable(publicService()),
			finding.Answer{Choice: finding.ChooseUndo, Reason: why}},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOffice(t)
			f := o.show(t, row.f)
			v := o.opened(t, "U01", f, row.action)
			if len(o.answers.got) != 0 || v.Submit != row.submit {
				t.Fatalf("before the form is sent: answers %v, submit %q", o.answers.got, v.Submit)
			}
			digest := f.Plan.Digest[:8]
			if row.want.Choice == finding.ChooseUndo {
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
			if d := cmp.Diff([]finding.Answer{row.want}, o.answers.got); d != "" || len(o.Views()) != 0 {
				t.Errorf("answers (-want +got):\n%s\nforms %v, notes %v", d, o.Views(), o.notes())
			}
		})
	}
}

func revision(f finding.Finding) string { return string(rune('0' + f.Revision)) }

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

func (preview) Preview(context.Context, string) (desk.Preview, error) {
	return desk.Preview{Scope: "allUsers on api", Count: 3}, nil
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
	o.answers.fail = &finding.RefusedError{Why: "user:ada@example.com made this change and cannot keep it"}
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

func TestFormsReadAsAgreed(t *testing.T) {
	for _, row := range []struct {
		action string
		f      finding.Finding
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
