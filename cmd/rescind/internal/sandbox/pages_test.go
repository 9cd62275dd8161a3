package sandbox_test

import (
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/sim/iap"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// website is rescind's pages behind the simulated IAP, as a browser reaches them.
type website struct {
	t    *testing.T
	d    *sandbox.World
	base string
}

func servePages(t *testing.T) website {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	w, err := sandbox.NewAt(t.Context(), base, "127.0.0.1:0", sandbox.Policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.AddPages(mux)
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return website{t, w, base}
}

// asked has bob do what a policy asks about, and returns the question.
func (s website) asked(act string) finding.Finding {
	s.t.Helper()
	a, _ := sandbox.ActOf(act)
	if err := s.d.Perform(s.t.Context(), a); err != nil {
		s.t.Fatal(err)
	}
	fs, err := s.d.App.Store().Findings(s.t.Context(), finding.Query{States: []state.State{state.Pending}})
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
	t.Parallel()
	s := servePages(t)
	f := s.asked("default")
	m, ok := s.d.Card(f.ID)
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
	if err := s.d.WaitUntil(t.Context(), f.ID, state.State.Ended); err != nil {
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
	t.Parallel()
	s := servePages(t)
	f := s.asked("default")
	text, _ := s.read(http.Get(s.base + "/findings/" + f.ID))
	if !strings.Contains(text, "Who are you?") || strings.Contains(text, "checkout") {
		t.Errorf("a stranger sees:\n%s", text)
	}
	// Past IAP, at the receiver itself, nobody is vouched for.
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/findings/"+f.ID, nil)
	r.Header.Set("X-Goog-Authenticated-User-Email", "accounts.google.com:ada@example.com")
	s.d.App.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("past IAP: %d", w.Code)
	}
}

func TestAPageByItselfHasTheWorkerDecide(t *testing.T) {
	t.Parallel()
	s, q := servePages(t), &queue{}
	f := s.asked("default")
	server := httptest.NewUnstartedServer(nil)
	alone := website{t, s.d, "http://" + server.Listener.Addr().String()}
	c := s.d.Config
	c.AnswersTopic, c.BaseURL = "projects/ops/topics/rescind-answers", alone.base
	page, err := process.New(t.Context(), c, process.Options{Role: process.PageFront, Lookup: sandbox.Secrets, Now: time.Now, Store: s.d.App.Store(), Courier: q, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	worker := another(t, s.d, func(wc *config.Config, o *process.Options) { wc.AnswersTopic, o.Role = c.AnswersTopic, process.Worker })
	mux := http.NewServeMux()
	mux.Handle("/", s.d.IAP.Protect(page.Handler()))
	mux.Handle(iap.SignInPath, s.d.IAP.SignIn())
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
	if f, err = s.d.App.Store().Finding(t.Context(), f.ID); err != nil || f.State != state.Reverted || len(f.Answers) != 1 {
		t.Errorf("it ended %s with %d answers (%v)", f.State, len(f.Answers), err)
	}
}
