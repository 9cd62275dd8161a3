package main

import (
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/sim/iap"
	"github.com/rescind-dev/rescind/remediate"
)

// website is the demo as a browser reaches it, with rescind's pages behind the
// simulated IAP.
type website struct {
	t    *testing.T
	d    *demo
	base string
}

func serveDemo(t *testing.T) website {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	d, err := newDemoAt(t.Context(), base, "127.0.0.1:0", demoPolicies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: d.pageRoutes(l.Addr().String())}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return website{t, d, base}
}

// asked has bob do what a policy asks about, and returns the question.
func (s website) asked(act string) remediate.Finding {
	s.t.Helper()
	if err := s.d.perform(s.t.Context(), actOf(act)); err != nil {
		s.t.Fatal(err)
	}
	fs, err := s.d.app.Store.Findings(s.t.Context(), remediate.Query{States: []remediate.State{remediate.Pending}})
	if err != nil || len(fs) == 0 {
		s.t.Fatalf("%d questions (%v)", len(fs), err)
	}
	return fs[0]
}

// web is somebody's browser: it keeps cookies and follows redirects.
func (s website) web(who string) *http.Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	s.read(c.PostForm(s.base+iap.SignInPath, url.Values{"as": {who}}))
	return c
}

func (s website) read(res *http.Response, err error) (string, int) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return html.UnescapeString(string(b)), res.StatusCode
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// answer fills in the finding's form of that choice, as a browser without
// JavaScript does.
func (s website) answer(c *http.Client, id, choice, reason string) (string, int) {
	s.t.Helper()
	path := s.base + "/findings/" + id
	page, _ := s.read(c.Get(path))
	_, form, ok := strings.Cut(page, `aria-describedby="f-`+choice+`"`)
	if !ok {
		s.t.Fatalf("no form for %s in:\n%s", choice, page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{"reason": {reason}}
	for _, f := range hiddenField.FindAllStringSubmatch(form, -1) {
		fields.Set(f[1], f[2])
	}
	r, err := http.NewRequestWithContext(s.t.Context(), "POST", path, strings.NewReader(fields.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", s.base)
	return s.read(c.Do(r))
}

func TestAnAnswerOnThePageBehindIAPIsCarriedOut(t *testing.T) {
	s := serveDemo(t)
	f := s.asked("default")
	m, ok := s.d.card(f.ID)
	if !ok || !strings.Contains(string(m.Blocks), s.base+"/findings/"+f.ID) {
		t.Errorf("the card does not lead to the page: %s", m.Blocks)
	}
	text, status := s.answer(s.web("eve@example.com"), f.ID, "revert", "")
	if status != http.StatusForbidden || !strings.Contains(text, "eve@example.com is not an approver.") {
		t.Errorf("eve: %d %s", status, text)
	}
	text, status = s.answer(s.web("bob@example.com"), f.ID, "keep", "it was me, and it is fine")
	if status != http.StatusForbidden || !strings.Contains(text, "made this change and cannot keep it") || !strings.Contains(text, "it was me, and it is fine</textarea>") {
		t.Errorf("bob, who made the change: %d %s", status, text)
	}
	if text, status = s.answer(s.web("ada@example.com"), f.ID, "revert", ""); status != http.StatusOK || !strings.Contains(text, "<strong>Recorded.</strong>") {
		t.Errorf("ada: %d %s", status, text)
	}
	if err := s.d.waitFor(t.Context(), f.ID); err != nil {
		t.Fatal(err)
	}
	text, _ = s.read(s.web("ada@example.com").Get(s.base + "/findings/" + f.ID))
	for _, want := range []string{`<span class="state reverted">reverted</span>`, "by user:ada@example.com", "via iap:accounts.google.com:1", "Undo revert…"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

func TestNobodySeesThePagesBeforeTheySignIn(t *testing.T) {
	s := serveDemo(t)
	f := s.asked("default")
	text, _ := s.read(http.Get(s.base + "/findings/" + f.ID))
	if !strings.Contains(text, "Who are you?") || strings.Contains(text, "checkout") {
		t.Errorf("a stranger sees:\n%s", text)
	}
	// Past IAP, at the receiver itself, nobody is vouched for.
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/findings/"+f.ID, nil)
	r.Header.Set("X-Goog-Authenticated-User-Email", "accounts.google.com:ada@example.com")
	s.d.app.routes.ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("past IAP: %d", w.Code)
	}
}

func TestAPageByItselfHasTheWorkerDecide(t *testing.T) {
	s, q := serveDemo(t), &queue{}
	f := s.asked("default")
	server := httptest.NewUnstartedServer(nil)
	alone := website{t, s.d, "http://" + server.Listener.Addr().String()}
	c := s.d.conf
	c.AnswersTopic, c.BaseURL = "projects/ops/topics/rescind-answers", alone.base
	page, err := newProcess(t.Context(), c, world{role: rolePage, lookup: demoSecrets, now: time.Now, store: s.d.app.Store, courier: q, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	worker := another(t, s.d, func(wc *config, w *world) { wc.AnswersTopic, w.role = c.AnswersTopic, roleWorker })
	mux := http.NewServeMux()
	mux.Handle("/", s.d.iap.Protect(page.handler()))
	mux.Handle(iap.SignInPath, s.d.iap.SignIn())
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)

	text, status := alone.answer(alone.web("ada@example.com"), f.ID, "revert", "")
	if status != http.StatusOK || !strings.Contains(text, "takes effect within seconds") || len(q.kept) != 1 {
		t.Fatalf("%d, %d sent: %s", status, len(q.kept), text)
	}
	for range 2 { // what is delivered again decides nothing again
		deliver(t, s.d, worker, q.kept[0])
	}
	if f, err = s.d.app.Store.Finding(t.Context(), f.ID); err != nil || f.State != remediate.Reverted || len(f.Answers) != 1 {
		t.Errorf("it ended %s with %d answers (%v)", f.State, len(f.Answers), err)
	}
}

func TestWithoutAnAudienceThereAreNoPages(t *testing.T) {
	mux := http.NewServeMux()
	if err := addPages(mux, defaultConfig(), world{}, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/findings", "/findings/abcdefghijklmnopqrstuvwx27"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestSomebodyIsWhoTheConfigurationSaysInItsOwnSpelling(t *testing.T) {
	a := approvalsConfig{Approvers: approversConfig{Users: map[string]string{"U01": "user:Ada@Example.com"}}}
	for who, want := range map[string]string{"user:ada@example.com": "user:Ada@Example.com", "user:eve@example.com": "user:eve@example.com"} {
		if got := spelled(a, who); got != want {
			t.Errorf("%s is %s, want %s", who, got, want)
		}
	}
}

func TestTheSamplesOfThePagesDocsLoad(t *testing.T) {
	doc, err := os.ReadFile("../../docs/pages.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) == 0 {
		t.Fatal("no sample")
	}
	for _, b := range blocks {
		path := filepath.Join(t.TempDir(), "rescind.yaml")
		write(t, path, smallConfig+b[1])
		if c, err := loadConfig(path); err != nil || c.IAP.Audience == "" || len(c.notYet()) > 0 {
			t.Errorf("%v, without effect %q\n%s", err, c.notYet(), b[1])
		}
	}
}
