package slack

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// viewOffice is a workspace with a clock, and an app that answers as it is told.
type viewOffice struct {
	*Workspace
	now    time.Time
	answer string
	got    []string // what the app was told
}

func newViewOffice(t *testing.T) *viewOffice {
	t.Helper()
	o := &viewOffice{now: time.Unix(1795348800, 0)}
	o.Workspace = New(Config{Token: "x", AppToken: "xapp", SigningSecret: "s", Team: "T1", App: "A1", Now: func() time.Time { return o.now },
		Users: []User{{ID: "U1", Name: "ada"}, {ID: "U2", Name: "bob"}}})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		o.got = append(o.got, r.PostForm.Get("payload"))
		_, _ = w.Write([]byte(o.answer))
	}))
	t.Cleanup(app.Close)
	o.Connect("http://127.0.0.1:1", app.URL)
	return o
}

const someForm = `{"type":"modal","callback_id":"c","external_id":"e","private_metadata":"p","title":{"type":"plain_text","text":"T"},
"submit":{"type":"plain_text","text":"Go"},"blocks":[
{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Why"},"element":{"type":"plain_text_input","action_id":"v","min_length":3,"max_length":5}},
{"type":"input","block_id":"how","label":{"type":"plain_text","text":"How"},"element":{"type":"static_select","action_id":"v","options":[{"text":{"type":"plain_text","text":"A"},"value":"a"}]}}]}`

func (o *viewOffice) try(method, trigger, view string) string {
	a := o.call(method, "x", url.Values{"trigger_id": {trigger}, "view": {view}, "external_id": {"e"}, "user_id": {"U1"}})
	code, _ := a["error"].(string)
	return code
}

func TestATriggerOpensOneFormWithinThreeSeconds(t *testing.T) {
	o := newViewOffice(t)
	first, second, late := o.trigger("U1"), o.trigger("U1"), o.trigger("U1")
	for _, row := range []struct{ trigger, want string }{
		{"1.made-up", "invalid_trigger_id"}, {first, ""}, {first, "exchanged_trigger_id"}, {second, "duplicate_external_id"},
	} {
		if got := o.try("views.open", row.trigger, someForm); got != row.want {
			t.Errorf("%q, want %q", got, row.want)
		}
	}
	o.now = o.now.Add(4 * time.Second)
	if got := o.try("views.open", late, someForm); got != "expired_trigger_id" {
		t.Errorf("after four seconds: %q", got)
	}
}

func TestSlackRefusesViewsOverItsLimits(t *testing.T) {
	for name, view := range map[string]string{
		"a title that is too long":       strings.Replace(someForm, `"T"`, `"`+strings.Repeat("a", 25)+`"`, 1),
		"metadata that is too long":      strings.Replace(someForm, `"p"`, `"`+strings.Repeat("a", 3001)+`"`, 1),
		"an input without a submit":      strings.Replace(someForm, `"submit"`, `"close"`, 1),
		"a select without options":       strings.Replace(someForm, `{"text":{"type":"plain_text","text":"A"},"value":"a"}`, "", 1),
		"a length there is not":          strings.Replace(someForm, `"max_length":5`, `"max_length":3001`, 1),
		"an element there is not":        strings.Replace(someForm, "static_select", "wheel", 1),
		"a home tab":                     `{"type":"home","blocks":[]}`,
		"a hundred and one blocks":       `{"type":"modal","title":{"type":"plain_text","text":"T"},"blocks":[` + strings.Repeat(`{"type":"divider"},`, 100) + `{"type":"divider"}]}`,
		"an input that is too large too": strings.Replace(someForm, `"Why"`, `"`+strings.Repeat("a", 2001)+`"`, 1),
		"nothing":                        "",
	} {
		o := newViewOffice(t)
		if got := o.try("views.open", o.trigger("U1"), view); got != "invalid_arguments" || len(o.Views()) != 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
	if err := CheckView(json.RawMessage(someForm)); err != nil {
		t.Error(err)
	}
	if err := CheckBlocks(json.RawMessage(`[{"type":"input","label":{"type":"plain_text","text":"Why"},"element":{"type":"plain_text_input","action_id":"v"}}]`)); err == nil {
		t.Error("a message may hold an input")
	}
}

func TestAFormIsSentByWhoeverHasItOpen(t *testing.T) {
	o := newViewOffice(t)
	if got := o.try("views.open", o.trigger("U1"), someForm); got != "" {
		t.Fatal(got)
	}
	id := o.Views()[0].ID
	good := map[string]string{"why": "four", "how": "a"}
	for name, row := range map[string]struct {
		user   string
		values map[string]string
	}{
		"somebody else": {"U2", good}, "too short": {"U1", map[string]string{"why": "no", "how": "a"}},
		"too long": {"U1", map[string]string{"why": "no, no", "how": "a"}}, "no option": {"U1", map[string]string{"why": "four", "how": "b"}},
	} {
		if err := o.Submit(t.Context(), row.user, id, row.values); err == nil || len(o.got) != 0 {
			t.Errorf("%s: %v, the app was told %v", name, err, o.got)
		}
	}
	o.answer = `{"response_action":"errors","errors":{"why":"not that"}}`
	if err := o.Submit(t.Context(), "U1", id, good); err != nil || o.Views()[0].Errors["why"] != "not that" {
		t.Errorf("%v: %+v", err, o.Views())
	}
	o.answer = ""
	if err := o.Submit(t.Context(), "U1", id, good); err != nil || len(o.Views()) != 0 {
		t.Errorf("%v: %+v", err, o.Views())
	}
	var p struct {
		Type string
		View struct {
			Private string `json:"private_metadata"`
			State   struct {
				Values map[string]map[string]struct{ Value string }
			}
		}
	}
	if err := json.Unmarshal([]byte(o.got[1]), &p); err != nil || p.Type != "view_submission" || p.View.Private != "p" || p.View.State.Values["why"]["v"].Value != "four" {
		t.Errorf("%v: the app was told %s", err, o.got[1])
	}
	if err := o.Submit(t.Context(), "U1", id, good); !errors.Is(err, ErrNoView) {
		t.Errorf("a form that was sent: %v", err)
	}
}

func TestAViewIsUpdatedAndAHomePublished(t *testing.T) {
	o := newViewOffice(t)
	if got := o.try("views.update", "", someForm); got != "not_found" {
		t.Errorf("a form that is not open: %q", got)
	}
	o.try("views.open", o.trigger("U1"), someForm)
	if got := o.try("views.update", "", strings.Replace(someForm, `"T"`, `"Other"`, 1)); got != "" || o.Views()[0].Title != "Other" || o.Views()[0].User != "U1" {
		t.Errorf("%q: %+v", got, o.Views())
	}
	if got := o.try("views.publish", "", `{"type":"home","blocks":[{"type":"divider"}]}`); got != "" {
		t.Error(got)
	}
	if v, ok := o.Home("U1"); !ok || v.Edits != 1 {
		t.Errorf("home %+v", v)
	}
	if a := o.call("apps.connections.open", "x", nil); a["error"] != "invalid_auth" {
		t.Errorf("a socket with the bot's token: %v", a)
	}
}

func TestAFormIsDrawnAsHTML(t *testing.T) {
	o := newViewOffice(t)
	o.try("views.open", o.trigger("U1"), strings.Replace(someForm, `"Why"`, `"<Why>"`, 1))
	v := o.Views()[0]
	got := string(RenderView(v))
	for _, want := range []string{
		`<label for="` + v.ID + `-why">&lt;Why&gt;</label><textarea name="in-why" id="` + v.ID + `-why" rows="3" required minlength="3" maxlength="5">`,
		`<select name="in-how" id="` + v.ID + `-how" required><option value=""></option><option value="a">A</option></select>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
