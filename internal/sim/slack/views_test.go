package slack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// trigger is a click's leave to open one form.
func (o *office) trigger(t *testing.T, user string) string {
	t.Helper()
	return o.click(t, user).payload["trigger_id"].(string)
}

func TestATriggerOpensOneFormWithinThreeSeconds(t *testing.T) {
	o := newOffice(t)
	first, second, third, late := o.trigger(t, "U01"), o.trigger(t, "U01"), o.trigger(t, "U01"), o.trigger(t, "U01")
	for _, tc := range []struct {
		sentence, trigger, view string
		after                   time.Duration
		want                    any
	}{
		{"no trigger", "", form, 0, "invalid_trigger_id"},
		{"one that was made up", "1.made-up", form, 0, "invalid_trigger_id"},
		{"the first", first, form, 0, nil},
		{"the first again", first, form, 0, "exchanged_trigger_id"},
		{"a form that is open already", second, form, 0, "duplicate_external_id"},
		{"another form, three seconds later", third, strings.Replace(form, `"e"`, `"f"`, 1), 3 * time.Second, nil},
		{"a moment too late", late, form, time.Millisecond, "expired_trigger_id"},
	} {
		o.now = o.now.Add(tc.after)
		if got := o.call(t, "views.open", "trigger_id", tc.trigger, "view", tc.view); got["error"] != tc.want {
			t.Errorf("%s: %v, want %v", tc.sentence, got, tc.want)
		}
	}
	if n := len(o.Views()); n != 2 {
		t.Errorf("%d forms are open", n)
	}
}

// A refused view has used up its trigger: the person has to click again.
func TestARefusedFormUsesItsTriggerUp(t *testing.T) {
	o := newOffice(t)
	trigger := o.trigger(t, "U01")
	o.call(t, "views.open", "trigger_id", trigger, "view", modal(`,"colour":"red"`, ""))
	if got := o.call(t, "views.open", "trigger_id", trigger, "view", form); got["error"] != "exchanged_trigger_id" {
		t.Errorf("%v", got)
	}
}

func TestAFormIsUpdatedByEitherId(t *testing.T) {
	for name, by := range map[string]func(id string) []string{
		"the id":       func(id string) []string { return []string{"view_id", id} },
		"the app's id": func(string) []string { return []string{"external_id", "e"} },
	} {
		o := newOffice(t)
		id := o.open(t, "U01", form)
		other := strings.Replace(strings.Replace(form, `"T"`, `"Other"`, 1), `"p"`, `"q"`, 1)
		if got := o.call(t, "views.update", append(by(id), "view", other)...); got["ok"] != true {
			t.Errorf("by %s: %v", name, got)
		}
		v := o.Views()[0]
		if v.ID != id || v.Title != "Other" || v.Private != "q" || v.User != "U01" || v.Edits != 1 {
			t.Errorf("by %s: %+v", name, v)
		}
		if got := o.call(t, "views.update", append(by(id), "view", modal("", field("", "", written(""))))...); got["error"] != "invalid_arguments" || o.Views()[0].Edits != 1 {
			t.Errorf("by %s, with a bad one: %v", name, got)
		}
	}
	o := newOffice(t)
	for _, by := range [][]string{{"view_id", "V0"}, {"external_id", "e"}, nil} {
		if got := o.call(t, "views.update", append(by, "view", form)...); got["error"] != "not_found" {
			t.Errorf("a form that is not open, by %v: %v", by, got)
		}
	}
}

// What the person was told to mend does not vanish because the app draws the
// form again.
func TestAnUpdateKeepsTheObjections(t *testing.T) {
	o := newOffice(t)
	id := o.open(t, "U01", form)
	o.answer = `{"response_action":"errors","errors":{"why":"not that"}}`
	if err := o.Submit(t.Context(), "U01", id, filledIn); err != nil {
		t.Fatal(err)
	}
	o.call(t, "views.update", "view_id", id, "view", form)
	if diff := cmp.Diff(map[string]string{"why": "not that"}, o.Views()[0].Errors); diff != "" {
		t.Errorf("objections (-want +got):\n%s", diff)
	}
}

func TestEachPersonHasAHomeTabOfTheirOwn(t *testing.T) {
	o := newOffice(t)
	if v, ok := o.Home("U01"); ok {
		t.Errorf("before anything was published: %+v", v)
	}
	home := func(text string) string {
		return `{"type":"home","blocks":[{"type":"section","text":` + plain(text) + `}]}`
	}
	for _, p := range [][2]string{{"U01", "one"}, {"U02", "two"}, {"U01", "three"}} {
		if got := o.call(t, "views.publish", "user_id", p[0], "view", home(p[1])); got["ok"] != true {
			t.Errorf("%v: %v", p, got)
		}
	}
	for user, want := range map[string]struct {
		text  string
		edits int
	}{"U01": {"three", 2}, "U02": {"two", 1}} {
		if v, ok := o.Home(user); !ok || v.User != user || v.Edits != want.edits || !strings.Contains(string(v.Blocks), want.text) {
			t.Errorf("%s sees %+v", user, v)
		}
	}
	for name, view := range map[string]string{"a form": form, "too many blocks": `{"type":"home","blocks":[` + repeat(`{"type":"divider"}`, 101) + `]}`} {
		if got := o.call(t, "views.publish", "user_id", "U01", "view", view); got["error"] != "invalid_arguments" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if len(o.Views()) != 0 {
		t.Errorf("open forms %+v", o.Views())
	}
}
