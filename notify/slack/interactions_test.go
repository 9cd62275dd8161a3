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
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// recorder is the side of remediate that takes answers.
type recorder struct {
	mu      sync.Mutex
	got     []remediate.Answer
	shown   []remediate.Surface
	fail    error
	finding remediate.Finding // as it stands
	all     []remediate.Finding
}

func (r *recorder) Answer(_ context.Context, id string, a remediate.Answer) (remediate.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.finding
	f.ID = id
	if r.fail != nil {
		return f, r.fail
	}
	r.got = append(r.got, a)
	return f, nil
}

func (r *recorder) Shown(_ context.Context, id string, at remediate.Surface) (remediate.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, at)
	return remediate.Finding{ID: id}, nil
}

func (r *recorder) Finding(_ context.Context, id string) (remediate.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finding.ID != id {
		return remediate.Finding{}, remediate.ErrNotFound
	}
	return r.finding, nil
}

func (r *recorder) Findings(_ context.Context, q remediate.Query) ([]remediate.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []remediate.Finding
	for _, f := range append([]remediate.Finding{r.finding}, r.all...) {
		q.Since = time.Time{}
		if f.ID != "" && q.Matches(f) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, f)
		}
	}
	return out, nil
}

// office is a workspace whose clicks reach a handler.
type office struct {
	*workspace
	answers  recorder
	logs     bytes.Buffer
	receiver *slack.Receiver
	handler  http.Handler
	later    []func(context.Context)
}

func newOffice(t *testing.T, change ...func(*slack.ReceiverConfig)) *office {
	t.Helper()
	o := &office{workspace: newWorkspace(t)}
	c := slack.ReceiverConfig{
		Secrets: secrets, Team: "T01", AppID: "A01", Token: "xoxb-sim", APIURL: o.url + "/api/", ResponseURLs: o.url + "/",
		Clerk: &slack.Clerk{
			Answers: &o.answers, Findings: &o.answers, Channels: []string{"C01PAY", "C01"}, BaseURL: options.BaseURL,
			Desk: remediate.Desk{
				Store: memory.New(), Now: func() time.Time { return o.now },
				Authority: remediate.Authority{Approvers: map[string]bool{"user:ada@example.com": true}},
			},
			Approvers: listed(map[string]string{"U01": "user:ada@example.com", "U03": "user:eve@example.com"}),
		},
		Later: func(do func(context.Context)) { o.later = append(o.later, do) },
		Now:   func() time.Time { return o.now },
		Log:   slog.New(slog.NewTextHandler(&o.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if o.receiver, err = slack.NewReceiver(c); err != nil {
		t.Fatal(err)
	}
	o.handler = o.receiver.Interactions()
	mux := http.NewServeMux()
	mux.Handle("/", o.handler)
	mux.Handle(slack.CommandsPath, o.receiver.Commands())
	mux.Handle(slack.EventsPath, o.receiver.Events())
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	o.Connect(o.url, srv.URL)
	o.ConnectApp(srv.URL+slack.CommandsPath, srv.URL+slack.EventsPath)
	return o
}

// workLater does what was left for after the answer.
func (o *office) workLater(t *testing.T) {
	for _, do := range o.later {
		do(t.Context())
	}
	o.later = nil
}

// show has a finding shown, and stored as shown.
func (o *office) show(t *testing.T, f remediate.Finding) remediate.Finding {
	t.Helper()
	o.answers.finding = o.workspace.show(t, f)
	return o.answers.finding
}

// click presses a button of the finding's card.
func (o *office) click(t *testing.T, user string, f remediate.Finding, action string) {
	t.Helper()
	if err := o.Click(t.Context(), user, f.Surfaces[0].Channel, f.Surfaces[0].ID, action); err != nil {
		t.Fatal(err)
	}
}

// fail makes a method of the Web API answer with the status.
func (o *office) fail(status int, methods ...string) {
	o.Inject(func(m string) *simslack.Fault {
		if slices.Contains(methods, m) {
			return &simslack.Fault{Status: status}
		}
		return nil
	})
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

func TestI9ADecidedCardHasNoButtonToClick(t *testing.T) {
	o := newOffice(t)
	f := o.show(t, decided(o.show(t, publicService()), remediate.Kept))
	if err := o.Click(t.Context(), "U01", "C01PAY", f.Surfaces[0].ID, "rescind.revert"); !errors.Is(err, simslack.ErrNoButton) {
		t.Errorf("click: %v", err)
	}
}

func TestAClickThatIsNotRecordedIsAnsweredInPrivate(t *testing.T) {
	kept := decided(publicService(), remediate.Kept)
	kept.Answers = []remediate.Answer{{Principal: "user:bo@example.com", Choice: remediate.ChooseKeep, At: noon}}
	mine := decided(publicService(), remediate.Approved)
	mine.Answers = []remediate.Answer{{Principal: "user:ada@example.com", Choice: remediate.ChooseRevert, At: noon}}
	for _, row := range []struct {
		name, user string
		fail       error
		as         remediate.Finding
		change     func(*slack.ReceiverConfig)
		want       string
	}{
		{name: "late", user: "U01", fail: fmt.Errorf("answer: %w", &remediate.RefusedError{Why: "the finding is kept: kept by user:bo@example.com"}), as: kept,
			want: "U01: Not recorded: the finding is kept: kept by user:bo@example.com. bo@example.com answered keep at 22 Nov 2026 12:00 UTC."},
		{name: "twice", user: "U01", fail: &remediate.RefusedError{Why: "the finding is approved"}, as: mine,
			want: "U01: Recorded already: you answered revert at 22 Nov 2026 12:00 UTC."},
		{name: "by nobody we know", user: "U02", want: "U02: Not recorded: you are not among those who may answer."},
		{name: "from another workspace", user: "U03", want: "U03: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "to another app", user: "U01", change: func(c *slack.ReceiverConfig) { c.AppID = "A99" },
			want: "U01: Not recorded: this can be answered from its own Slack workspace only."},
		{name: "with the store down", user: "U01", fail: errors.New("store: unavailable"),
			want: "U01: Not recorded: it could not be stored. Nothing was decided; please try again."},
		{name: "with the store slow", user: "U01", fail: fmt.Errorf("store: %w", context.DeadlineExceeded),
			want: "U01: It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again."},
		{name: "about nothing we know", user: "U01", fail: remediate.ErrNotFound, want: "U01: Not recorded: rescind knows no such finding any more."},
		{name: "by somebody who may never", user: "U01", change: func(c *slack.ReceiverConfig) {
			c.Clerk.Approvers = func(context.Context, string) (string, error) {
				return "", &remediate.RefusedError{Class: remediate.ClassIdentity, Why: "guests of the workspace do not answer"}
			}
		}, want: "U01: Not recorded: guests of the workspace do not answer."},
		{name: "with the look-up down", user: "U01", change: func(c *slack.ReceiverConfig) {
			c.Clerk.Approvers = func(context.Context, string) (string, error) {
				return "user:ada@example.com", errors.New("directory: unavailable")
			}
		}, want: "U01: Not recorded: whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := newOffice(t, func(c *slack.ReceiverConfig) {
				if row.change != nil {
					row.change(c)
				}
			})
			f := o.show(t, publicService())
			o.answers.fail = row.fail
			if row.as.ID != "" {
				o.answers.finding = row.as
			}
			o.click(t, row.user, f, "rescind.revert")
			if d := cmp.Diff([]string{row.want}, o.notes()); d != "" || len(o.answers.got) != 0 {
				t.Errorf("notes (-want +got):\n%s\nanswers %v", d, o.answers.got)
			}
		})
	}
}

func TestAPrivateNoteFindsAnotherWayWhenTheFirstFails(t *testing.T) {
	foreign := func(c *slack.ReceiverConfig) { c.ResponseURLs = "" } // Slack's own: the simulated one is not it
	for _, row := range []struct {
		name string
		down []string
		want []string // notes in the channel
		dm   string
	}{
		{"in the channel, outside of any thread", nil, []string{"U02: " + "Not recorded: you are not among those who may answer."}, ""},
		{"in a conversation of their own", []string{"chat.postEphemeral"}, nil, "Not recorded: you are not among those who may answer."},
	} {
		o := newOffice(t, foreign)
		f := o.show(t, publicService())
		o.fail(500, row.down...)
		o.click(t, "U02", f, "rescind.revert")
		if d := cmp.Diff(row.want, o.notes()); d != "" {
			t.Errorf("%s: notes (-want +got):\n%s", row.name, d)
		}
		last := o.Messages()[len(o.Messages())-1]
		if row.dm != "" && (last.Channel != "DU02" || last.Text != row.dm) {
			t.Errorf("%s: last message %+v", row.name, last)
		}
	}
}

func TestAClickThatCanBeNeitherRecordedNorAnsweredFailsInTheOpen(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = "" }) // Slack's own: the simulated one is not it
	f := o.show(t, publicService())
	o.fail(500, "chat.postEphemeral", "conversations.open")
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

func TestS1S2RequestsSlackDidNotSignAreRefusedWithoutATrace(t *testing.T) {
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

func TestS4APayloadInTheQueryStringIsNotRead(t *testing.T) {
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
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = srv.URL + "/" })
	body := strings.ReplaceAll(clickJSON(t, "action/value", "v9.x"), "https://hooks.slack.com/", srv.URL+"/")
	if status := o.post(form(body), signed(stampOf(noon), form(body), signingSecret), "/"); status != http.StatusOK {
		t.Errorf("HTTP %d", status)
	}
	if !strings.Contains(got, "another version of rescind") || !strings.Contains(got, `"response_type":"ephemeral"`) {
		t.Errorf("note %s", got)
	}
}

func TestS13NotesGoToSlackAloneAndFollowNoRedirect(t *testing.T) {
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
		o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = row.prefix })
		body := form(clickJSON(t, "response_url", row.to))
		o.answers.fail = &remediate.RefusedError{Why: "no"}
		o.fail(500, "chat.postEphemeral", "conversations.open")
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

func (stuck) Shown(context.Context, string, remediate.Surface) (remediate.Finding, error) {
	return remediate.Finding{}, nil
}

func TestAStuckStoreDoesNotOutlastSlacksPatience(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) {
		c.Clerk.Answers, c.ResponseURLs, c.APIURL = stuck{}, "", "http://127.0.0.1:1/"
	})
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

func TestAReceiverNamesAllThatIsMissing(t *testing.T) {
	_, err := slack.NewReceiver(slack.ReceiverConfig{Secrets: []slack.Secret{"a", ""}, Clerk: &slack.Clerk{}, Courier: courier{}})
	want := strings.Join([]string{
		"slack receiver: a signing secret is empty or none is set", "slack receiver: no team", "slack receiver: the bot token is empty",
		"slack receiver: want either a courier or a clerk", "slack receiver: no clock", "slack receiver: no logger",
		"slack receiver: a clerk needs approvers, a desk, and somewhere to record answers and to look up findings",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
}

// courier is a topic that takes what it is given, or fails.
type courier struct {
	took func(remediate.Signed)
	fail error
}

func (c courier) Send(_ context.Context, s remediate.Signed) error {
	if c.fail == nil && c.took != nil {
		c.took(s)
	}
	return c.fail
}

// listed are the approvers of a fixed list, from Slack user id to principal.
func listed(m map[string]string) slack.Approvers {
	return func(_ context.Context, userID string) (string, error) { return m[userID], nil }
}
