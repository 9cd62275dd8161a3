package demo

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const pageAddr = "127.0.0.1:8080"

// page is the demo's page as a browser on this machine sees it.
type page struct {
	t       *testing.T
	d       *Demo
	handler http.Handler
}

func newPage(t *testing.T) page {
	d := newTestDemo(t, sandbox.Policies)
	return page{t, d, d.pageRoutes(pageAddr)}
}

func (p page) ask(method, path string, form url.Values, change ...func(*http.Request)) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequestWithContext(p.t.Context(), method, "http://"+pageAddr+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// text is the page as it is now.
func (p page) text() string {
	p.t.Helper()
	w := p.ask("GET", "/", nil)
	if w.Code != http.StatusOK {
		p.t.Fatalf("GET /: %d %s", w.Code, w.Body)
	}
	return html.UnescapeString(w.Body.String())
}

// press presses a button and returns what the page says was wrong, if anything.
func (p page) press(path string, form url.Values) string {
	p.t.Helper()
	w := p.ask("POST", path, form)
	to, err := url.Parse(w.Header().Get("Location"))
	if w.Code != http.StatusSeeOther || err != nil || to.Path != "/" || to.Host != "" {
		p.t.Fatalf("POST %s: %d, to %q", path, w.Code, w.Header().Get("Location"))
	}
	return to.Query().Get("said")
}

// click has a person press a button of the finding's card.
func (p page) click(user, id, action string) string {
	p.t.Helper()
	m, ok := p.d.Card(id)
	if !ok {
		p.t.Fatalf("finding %s has no card", id)
	}
	return p.press("/click", url.Values{"user": {user}, "channel": {m.Channel}, "ts": {m.TS}, "action": {action}})
}

// only returns the one finding of the policy.
func (p page) only(policy string) finding.Finding {
	p.t.Helper()
	fs, err := p.d.App.Store().Findings(p.t.Context(), finding.Query{Policy: policy})
	if err != nil || len(fs) != 1 {
		p.t.Fatalf("%d findings of %s, want one (%v)", len(fs), policy, err)
	}
	return fs[0]
}

func (p page) wants(text string, wants ...string) {
	p.t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			p.t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestEachButtonOfThePageDoesWhatItSays(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.wants(p.text(), "No messages yet.", "No findings yet.", "No events yet.")
	for _, a := range sandbox.Acts() {
		p.wants(p.text(), `action="/act/`+a.Key+`"`, a.What, a.About)
		if said := p.press("/act/"+a.Key, nil); said != "" {
			t.Errorf("%s: %s", a.Key, said)
		}
	}
	p.wants(p.text(),
		// events
		"<td>google.cloud.run.v2.Services.SetIamPolicy<br>", "<td>mallory@example.com</td><td>found<br>", "<td>own change<br>", "<td>compliant<br>", "<td>duplicate<br>",
		// findings with their reasons
		"<li>roles/run.invoker to allUsers was added</li>",
		"<li>stale: the change is 2h", "<li>roles/editor to serviceAccount:"+sandbox.APIAccount+" was added</li>",
		`<span class="tag reverted">reverted</span>`, `<span class="tag pending">pending</span>`, `<span class="tag reported">reported</span>`,
		// live state
		`<td title="`+sandbox.Checkout+`">services/checkout<br>`, "<td>"+sandbox.DefaultAccount+"</td>", `<strong class="off">allUsers</strong>`,
		"<td>folders/4001</td><td>run.managed.requireInvokerIam: <strong>enforced</strong></td>",
		// cards
		`class="box slack-card"`, `value="rescind.revert"`, `value="rescind.keep"`, `<option value="U0ADA">ada</option>`,
	)
}

func TestAnAnswerOnThePageIsAnAnswerInSlack(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.press("/act/default", nil)
	f := p.only("no-default-service-account")

	if said := p.click("U0EVE", f.ID, "rescind.revert"); said != "" {
		t.Errorf("Slack takes anybody's click, but the page says %q", said)
	}
	p.wants(p.text(), `<span class="tag">only eve sees this</span>`, "Not recorded: you are not among those who may answer.")
	if got := p.only(f.Policy); got.State != state.Pending {
		t.Errorf("eve's click made it %s", got.State)
	}
	p.click("U0BOB", f.ID, "rescind.keep")
	p.wants(p.text(), "Keep this change?", "only bob sees this form", `name="in-reason"`)
	form := url.Values{"user": {"U0BOB"}, "view": {p.d.Slack.Views()[0].ID}, "do": {"submit"}, "in-reason": {"short"}}
	if said := p.press("/form", form); !strings.Contains(said, "write at least 10 characters") {
		t.Errorf("a short reason: %q", said)
	}
	form.Set("in-reason", "it was me, and I like it")
	p.press("/form", form)
	p.wants(p.text(), `<p class="off" role="alert">Not recorded: user:bob@example.com made this change and cannot keep it`)
	p.press("/form", url.Values{"user": {"U0BOB"}, "view": {form.Get("view")}, "do": {"close"}})
	if n := len(p.d.Slack.Views()); n != 0 {
		t.Errorf("%d forms are open", n)
	}

	p.click("U0ADA", f.ID, "rescind.revert")
	if err := p.d.WaitUntil(t.Context(), f.ID, state.State.Ended); err != nil {
		t.Fatal(err)
	}
	p.wants(p.text(), "<td>revert approved by user:ada@example.com</td>", "<td>checkout@pay-prod.iam.gserviceaccount.com</td>")
	if got := p.only(f.Policy); got.State != state.Reverted {
		t.Errorf("ada's click made it %s (%s)", got.State, got.Why)
	}
	if said := p.click("U0ADA", f.ID, "rescind.revert"); !strings.Contains(said, "no such button in the message") {
		t.Errorf("an answered card still takes clicks: %q", said)
	}
}

func TestThePageSaysWhatWentWrong(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	said := p.press("/act/duplicate", nil)
	if want := "there is no message to deliver again yet"; said != want {
		t.Errorf("said %q, want %q", said, want)
	}
	w := p.ask("GET", "/?said="+url.QueryEscape("<b>"+said), nil)
	p.wants(w.Body.String(), `<p class="said" role="alert">&lt;b&gt;there is no message`)
}

func TestThePageRefuses(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	for _, tt := range []struct {
		name   string
		method string
		path   string
		change func(*http.Request)
		want   int
	}{
		{"another host's name, which leads here by DNS", "GET", "/", func(r *http.Request) { r.Host = "evil.example" }, http.StatusMisdirectedRequest},
		{"another port of this machine", "GET", "/parts", func(r *http.Request) { r.Host = "127.0.0.1:9" }, http.StatusMisdirectedRequest},
		{"another site's form", "POST", "/act/public", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, http.StatusForbidden},
		{"another origin's form, from an older browser", "POST", "/click", func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") }, http.StatusForbidden},
		{"an act there is not", "POST", "/act/nothing", func(*http.Request) {}, http.StatusNotFound},
		{"an act by a link", "GET", "/act/public", func(*http.Request) {}, http.StatusMethodNotAllowed},
		{"a page there is not", "GET", "/admin", func(*http.Request) {}, http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if w := p.ask(tt.method, tt.path, nil, tt.change); w.Code != tt.want {
				t.Errorf("%s %s: %d, want %d", tt.method, tt.path, w.Code, tt.want)
			}
		})
	}
	if n := len(p.d.Events()); n != 0 {
		t.Errorf("%d events came of it", n)
	}
}

func TestThePageAllowsOnlyItsOwnScriptAndStyle(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	nonces := map[string]bool{}
	for range 2 {
		w := p.ask("GET", "/", nil)
		csp := w.Header().Get("Content-Security-Policy")
		_, rest, _ := strings.Cut(csp, "script-src 'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		want := "default-src 'none'; style-src 'nonce-" + nonce + "'; script-src 'nonce-" + nonce +
			"'; connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
		if csp != want || len(nonce) < 16 {
			t.Errorf("policy %q", csp)
		}
		p.wants(w.Body.String(), `<script nonce="`+nonce+`">`, `<style nonce="`+nonce+`">`)
		nonces[nonce] = true
	}
	if len(nonces) != 2 {
		t.Error("the nonce is not new on every page")
	}
}

// Names come from whoever can write to the cloud, so a page must not take them
// for its own text.
func TestHostileNamesAreShownAsText(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	const script = "<script>alert(1)</script>"
	err := p.d.Perform(t.Context(), sandbox.Act{Who: `"` + script + `@example.com`, Do: func(ctx context.Context, _ *sandbox.World, who *sandbox.Person) error {
		if err := who.ServicePolicies(ctx).Grant(sandbox.Reports, "roles/viewer", "user:"+script+"@example.com"); err != nil {
			return err
		}
		return who.ServicePolicies(ctx).Grant(sandbox.Reports, "roles/run.invoker", "allUsers")
	}})
	if err != nil {
		t.Fatal(err)
	}
	raw := p.ask("GET", "/parts", nil).Body.String()
	if strings.Contains(raw, "<script") {
		t.Errorf("a name became a script in:\n%s", raw)
	}
	if n := strings.Count(raw, "&lt;script&gt;alert(1)&lt;/script&gt;"); n < 4 {
		t.Errorf("the names stand %d times in the page, want them in the state, the events, the finding and the card:\n%s", n, raw)
	}
}

func TestACommandOnThePageIsAnsweredToWhoWroteIt(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.press("/act/default", nil)
	if said := p.press("/command", url.Values{"user": {"U0ADA"}, "text": {"pending"}}); said != "" {
		t.Errorf("the page says %q", said)
	}
	p.wants(p.text(), `<span class="tag">only ada sees this</span>`, "service checkout runs as a default service account")
	p.press("/command", url.Values{"user": {"U0EVE"}, "text": {"pending"}})
	if notes := p.d.Slack.Notes(); strings.Contains(notes[len(notes)-1].Text, "checkout") {
		t.Errorf("eve, who is no approver, is told %q", notes[len(notes)-1].Text)
	}
}
