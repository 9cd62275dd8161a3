package slack_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

var filledIn = map[string]string{"why": "four", "how": "a"}

func TestAFormIsSentByWhoeverHasItOpenAndFilledItIn(t *testing.T) {
	for _, tc := range []struct {
		sentence, user string
		values         map[string]string
	}{
		{"somebody else", "U02", filledIn},
		{"nobody there is", "U99", filledIn},
		{"too short", "U01", map[string]string{"why": "no", "how": "a"}},
		{"too long", "U01", map[string]string{"why": "no, no", "how": "a"}},
		{"too long in other letters", "U01", map[string]string{"why": letters(6), "how": "a"}},
		{"left empty", "U01", map[string]string{"how": "a"}},
		{"no option", "U01", map[string]string{"why": "four", "how": "b"}},
		{"nothing chosen", "U01", map[string]string{"why": "four"}},
	} {
		o := newOffice(t)
		id := o.open(t, "U01", form)
		told := len(o.told)
		if err := o.Submit(t.Context(), tc.user, id, tc.values); err == nil || len(o.told) != told || len(o.Views()) != 1 {
			t.Errorf("%s: %v, the app was told %v", tc.sentence, err, o.told[told:])
		}
	}
}

// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
func TestASubmissionSaysWhatWasFilledIn(t *testing.T) {
	o := newOffice(t)
	id := o.open(t, "U01", form)
	if err := o.Submit(t.Context(), "U01", id, filledIn); err != nil {
		t.Fatal(err)
	}
	got := o.last(t).payload
	want := map[string]any{
		"why": map[string]any{"v": map[string]any{"type": "plain_text_input", "value": "four"}},
		"how": map[string]any{"v": map[string]any{"type": "static_select", "selected_option": map[string]any{"value": "a", "text": map[string]any{"type": "plain_text", "text": "A"}}}},
	}
	if diff := cmp.Diff(want, dig(got, "view", "state", "values")); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	for path, want := range map[string]any{"type": "view_submission", "api_app_id": "A01", "user id": "U01", "team id": "T01", "view id": id, "view private_metadata": "p", "view callback_id": "c"} {
		if said := dig(got, strings.Fields(path)...); said != want {
			t.Errorf("%s is %v, want %v", path, said, want)
		}
	}
	if err := o.Submit(t.Context(), "U01", id, filledIn); !errors.Is(err, simslack.ErrNoView) {
		t.Errorf("a form that was sent: %v", err)
	}
}

func TestWhatAFormBecomesIsTheAppsAnswer(t *testing.T) {
	for _, tc := range []struct {
		sentence, answer string
		status           int
		open, fails      bool
		errors           map[string]string
	}{
		{"taken", "", 200, false, false, nil},
		{"taken, with all forms", `{"response_action":"clear"}`, 200, false, false, nil},
		{"an objection stays on the form", `{"response_action":"errors","errors":{"why":"not that"}}`, 200, true, false, map[string]string{"why": "not that"}},
		{"an objection to what the form does not ask", `{"response_action":"errors","errors":{"who":"not that"}}`, 200, true, true, nil},
		{"an action there is not", `{"response_action":"explode"}`, 200, true, true, nil},
		{"what is no JSON", "fine", 200, true, true, nil},
		{"a refusal", "", 500, true, true, nil},
	} {
		o := newOffice(t)
		id := o.open(t, "U01", form)
		o.answer, o.status = tc.answer, tc.status
		err := o.Submit(t.Context(), "U01", id, filledIn)
		views := o.Views()
		if (err != nil) != tc.fails || len(views) == 1 != tc.open {
			t.Errorf("%s: %v, open %+v", tc.sentence, err, views)
			continue
		}
		if tc.open {
			if diff := cmp.Diff(tc.errors, views[0].Errors); diff != "" {
				t.Errorf("%s: objections (-want +got):\n%s", tc.sentence, diff)
			}
		}
	}
}

func TestWhatIsOptionalMayBeLeftEmpty(t *testing.T) {
	o := newOffice(t)
	o.answer = ""
	id := o.open(t, "U01", modal("", field("x", `,"optional":true`, written(`,"min_length":3`))))
	if err := o.Submit(t.Context(), "U01", id, map[string]string{"b": "no"}); err == nil {
		t.Error("what is filled in is too short, and was sent")
	}
	if err := o.Submit(t.Context(), "U01", id, nil); err != nil {
		t.Fatal(err)
	}
	said := dig(o.last(t).payload, "view", "state", "values", "b", "v").(map[string]any)
	if value, there := said["value"]; !there || value != nil {
		t.Errorf("said %v", said)
	}
}

// The app hears of a form that was closed only where it asked to.
func TestAFormIsClosedWithoutBeingSent(t *testing.T) {
	for _, asked := range []bool{false, true} {
		o := newOffice(t)
		view := form
		if asked {
			view = strings.Replace(form, `"type":"modal"`, `"type":"modal","notify_on_close":true`, 1)
		}
		id := o.open(t, "U01", view)
		told := len(o.told)
		if err := o.Dismiss(t.Context(), "U02", id); !errors.Is(err, simslack.ErrNoView) {
			t.Errorf("by somebody else: %v", err)
		}
		if err := o.Dismiss(t.Context(), "U01", id); err != nil || len(o.Views()) != 0 {
			t.Errorf("%v, open %+v", err, o.Views())
		}
		if got := len(o.told) - told; got == 1 != asked {
			t.Errorf("asked %t, and told %d times", asked, got)
		}
		if asked && (o.last(t).payload["type"] != "view_closed" || dig(o.last(t).payload, "view", "id") != id) {
			t.Errorf("told %v", o.last(t).payload)
		}
	}
	o := newOffice(t)
	id := o.open(t, "U01", strings.Replace(form, `"type":"modal"`, `"type":"modal","notify_on_close":true`, 1))
	o.status = http.StatusInternalServerError
	if err := o.Dismiss(t.Context(), "U01", id); err == nil || len(o.Views()) != 0 {
		t.Errorf("an app that is broken: %v, open %+v", err, o.Views())
	}
}
