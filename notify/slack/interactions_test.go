package slack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// recorder is the side of remediate that takes answers.
type recorder struct {
	mu   sync.Mutex
	got  []remediate.Answer
	fail error
}

func (r *recorder) Answer(_ context.Context, id string, a remediate.Answer) (remediate.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return remediate.Finding{}, r.fail
	}
	r.got = append(r.got, a)
	return remediate.Finding{ID: id}, nil
}

// office is a workspace whose clicks reach a handler.
type office struct {
	*workspace
	answers recorder
	logs    bytes.Buffer
	handler http.Handler
}

func newOffice(t *testing.T, change ...func(*slack.InteractionsConfig)) *office {
	t.Helper()
	o := &office{workspace: newWorkspace(t)}
	c := slack.InteractionsConfig{
		Secrets: secrets, Team: "T01", AppID: "A01", Answers: &o.answers, ResponseURLs: o.url + "/",
		Approvers: slack.Users(map[string]string{"U01": "user:ada@example.com", "U03": "user:eve@example.com"}),
		Now:       func() time.Time { return o.now },
		Log:       slog.New(slog.NewTextHandler(&o.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	h, err := slack.NewInteractions(c)
	if err != nil {
		t.Fatal(err)
	}
	o.handler = h
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o.Connect(o.url, srv.URL)
	return o
}

func (o *office) notes() []string {
	var out []string
	for _, n := range o.Notes() {
		out = append(out, n.User+": "+n.Text)
	}
	return out
}

func TestAClickOnACardIsRecordedAsItsAnswer(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, publicService())
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	want := []remediate.Answer{{
		Choice: remediate.ChooseRevert, Principal: "user:ada@example.com", Via: "slack:T01/U01",
		At: noon, Revision: 3, Digest: f.Plan.Digest[:8],
	}}
	if d := cmp.Diff(want, o.answers.got); d != "" || len(o.notes()) != 0 {
		t.Errorf("answers (-want +got):\n%s\nnotes %v", d, o.notes())
	}
}

func TestAFindingWithoutAPlanCanBeKept(t *testing.T) {
	o := newOffice(t)
	f := publicService()
	f.Plan = remediate.NewPlan(nil, "what violates is not known")
	f = o.show(t, f)
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.keep"); err != nil {
		t.Fatal(err)
	}
	if len(o.answers.got) != 1 || o.answers.got[0].Digest != remediate.NoPlan || o.answers.got[0].Choice != remediate.ChooseKeep {
		t.Errorf("answers %+v", o.answers.got)
	}
}

func TestADecidedCardHasNoButtonToClick(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, decided(o.show(t, publicService()), remediate.Kept))
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.revert"); !errors.Is(err, sim.ErrNoButton) {
		t.Errorf("click: %v", err)
	}
}

func TestAClickThatIsNotRecordedIsAnsweredInPrivate(t *testing.T) {
	for _, row := range []struct {
		name, user string
		fail       error
		change     func(*slack.InteractionsConfig)
		want       string
	}{
		{name: "late, or refused", user: "U01", fail: fmt.Errorf("answer: %w", &remediate.RefusedError{Why: "the finding is kept: kept by user:bo@example.com"}),
			want: "U01: Not recorded: the finding is kept: kept by user:bo@example.com"},
		{name: "by nobody we know", user: "U02", want: "U02: Not recorded: you are not among those who may answer."},
		{name: "from another workspace", user: "U03", want: "U03: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "to another app", user: "U01", change: func(c *slack.InteractionsConfig) { c.AppID = "A99" },
			want: "U01: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "with the store down", user: "U01", fail: errors.New("store: unavailable"),
			want: "U01: Not recorded: it could not be stored. Nothing was decided; please try again."},
		{name: "with the store slow", user: "U01", fail: fmt.Errorf("store: %w", context.DeadlineExceeded),
			want: "U01: It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again."},
		{name: "about nothing we know", user: "U01", fail: remediate.ErrNotFound, want: "U01: Not recorded: rescind knows no such finding any more."},
		{name: "with the look-up down", user: "U01", change: func(c *slack.InteractionsConfig) {
			c.Approvers = func(context.Context, string) (string, error) {
				return "user:ada@example.com", errors.New("directory: unavailable")
			}
		}, want: "U01: Not recorded: whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOffice(t, func(c *slack.InteractionsConfig) {
				if row.change != nil {
					row.change(c)
				}
			})
			o.answers.fail = row.fail
			f := o.show(t, publicService())
			if err := o.Click(t.Context(), row.user, "C01PAY", f.Surfaces[0].ID, "rescind.revert"); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]string{row.want}, o.notes()); d != "" || len(o.answers.got) != 0 {
				t.Errorf("notes (-want +got):\n%s\nanswers %v", d, o.answers.got)
			}
		})
	}
}

func TestAClickThatCanBeNeitherRecordedNorAnsweredFailsInTheOpen(t *testing.T) {
	o := newOffice(t, func(c *slack.InteractionsConfig) { c.ResponseURLs = "" }) // Slack's own: the simulated one is not it
	f := o.show(t, publicService())
	err := o.Click(t.Context(), "U02", "C01PAY", f.Surfaces[0].ID, "rescind.revert")
	if err == nil || !strings.Contains(err.Error(), "HTTP 500") || len(o.notes()) != 0 {
		t.Errorf("click: %v, notes %v", err, o.notes())
	}
}

// post sends a body to the handler and returns the status.
func (o *office) post(body []byte, h http.Header, path string) int {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header = h
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w.Code
}

func TestRequestsSlackDidNotSignAreRefusedWithoutATrace(t *testing.T) {
	o := newOffice(t)
	body := form(clickJSON(t, "", nil))
	good := signed(stampOf(noon), body, signingSecret)
	forged := signed(stampOf(noon), body, "guess")
	old := signed(stampOf(noon.Add(-301*time.Second)), body, signingSecret)
	for name, h := range map[string]http.Header{"forged": forged, "old": old, "unsigned": {}} {
		if got := o.post(body, h, "/slack/interactions"); got != http.StatusUnauthorized {
			t.Errorf("%s: HTTP %d, want 401", name, got)
		}
	}
	for i := range body {
		changed := append([]byte(nil), body...)
		changed[i] ^= 1
		if got := o.post(changed, good, "/slack/interactions"); got != http.StatusUnauthorized {
			t.Errorf("byte %d changed: HTTP %d, want 401", i, got)
		}
	}
	if len(o.answers.got) != 0 {
		t.Errorf("answers %v", o.answers.got)
	}
	for _, h := range []http.Header{forged, old, good} {
		if s := h.Get("X-Slack-Signature"); strings.Contains(o.logs.String(), s[3:]) {
			t.Error("a signature is in the log")
		}
	}
	if sign := slack.Sign(signingSecret, stampOf(noon), body); strings.Contains(o.logs.String(), sign[3:]) {
		t.Error("the expected signature is in the log")
	}
}

func TestAPayloadInTheQueryStringIsNotRead(t *testing.T) {
	o := newOffice(t)
	payload := strings.TrimPrefix(string(form(clickJSON(t, "", nil))), "payload=")
	if got := o.post(nil, signed(stampOf(noon), nil, signingSecret), "/slack/interactions?payload="+payload); got != http.StatusBadRequest || len(o.answers.got) != 0 {
		t.Errorf("HTTP %d, answers %v", got, o.answers.got)
	}
}

func TestOnlyAPostOfReasonableSizeIsRead(t *testing.T) {
	o := newOffice(t)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/slack/interactions", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: HTTP %d", w.Code)
	}
	big := bytes.Repeat([]byte("a"), 1<<20+1)
	if got := o.post(big, signed(stampOf(noon), big, signingSecret), "/"); got != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: HTTP %d", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(bytes.NewReader(big))) // length unknown
	w = httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large, chunked: HTTP %d", w.Code)
	}
}

func TestAButtonFromAnotherVersionIsExplained(t *testing.T) {
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = string(b)
	}))
	defer srv.Close()
	o := newOffice(t, func(c *slack.InteractionsConfig) { c.ResponseURLs = srv.URL + "/" })
	body := strings.ReplaceAll(clickJSON(t, "action/value", "v9.x"), "https://hooks.slack.com/", srv.URL+"/")
	if status := o.post(form(body), signed(stampOf(noon), form(body), signingSecret), "/"); status != http.StatusOK {
		t.Errorf("HTTP %d", status)
	}
	if !strings.Contains(got, "another version of rescind") || !strings.Contains(got, `"response_type":"ephemeral"`) {
		t.Errorf("note %s", got)
	}
}

func TestNotesGoToSlackAloneAndFollowNoRedirect(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirect.Close()
	for name, row := range map[string]struct{ prefix, to string }{
		"another host":                     {"", elsewhere.URL + "/x"},
		"a host that begins like Slack's":  {"", "https://hooks.slack.com.evil.example/x"},
		"a user that looks like the host":  {"", "https://hooks.slack.com@evil.example/x"},
		"plain HTTP":                       {"", "http://hooks.slack.com/x"},
		"a redirect from the allowed host": {redirect.URL + "/", redirect.URL + "/x"},
	} {
		o := newOffice(t, func(c *slack.InteractionsConfig) { c.ResponseURLs = row.prefix })
		body := form(clickJSON(t, "response_url", row.to))
		o.answers.fail = &remediate.RefusedError{Why: "no"}
		if status := o.post(body, signed(stampOf(noon), body, signingSecret), "/"); status != http.StatusInternalServerError || reached {
			t.Errorf("%s: HTTP %d, reached %t", name, status, reached)
		}
		if strings.Contains(o.logs.String(), row.to) {
			t.Errorf("%s: the response URL is in the log", name)
		}
	}
}

// stuck is a store that answers nobody.
type stuck struct{}

func (stuck) Answer(ctx context.Context, _ string, _ remediate.Answer) (remediate.Finding, error) {
	<-ctx.Done()
	return remediate.Finding{}, ctx.Err()
}

func TestAStuckStoreDoesNotOutlastSlacksPatience(t *testing.T) {
	o := newOffice(t, func(c *slack.InteractionsConfig) { c.Answers, c.ResponseURLs = stuck{}, "" })
	body := form(clickJSON(t, "response_url", ""))
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if status := o.post(body, signed(stampOf(noon), body, signingSecret), "/"); status != http.StatusInternalServerError {
			t.Errorf("HTTP %d for a click that was neither recorded nor answered", status)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

func TestInteractionsNameAllThatIsMissing(t *testing.T) {
	_, err := slack.NewInteractions(slack.InteractionsConfig{Secrets: []slack.Secret{"a", ""}})
	want := strings.Join([]string{
		"slack interactions: a signing secret is empty or none is set", "slack interactions: no team",
		"slack interactions: no approvers", "slack interactions: nowhere to record answers",
		"slack interactions: no clock", "slack interactions: no logger",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
}
