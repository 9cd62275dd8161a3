package slack_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/slack"
)

// recorder is the side of remediate that takes answers.
type recorder struct {
	mu      sync.Mutex
	got     []finding.Answer
	shown   []finding.Surface
	fail    error
	finding finding.Finding // as it stands
	all     []finding.Finding
	unread  error // of a list, beside what it has
}

func (r *recorder) Answer(_ context.Context, id string, a finding.Answer) (finding.Finding, error) {
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

func (r *recorder) RecordSurface(_ context.Context, id string, at finding.Surface) (finding.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shown = append(r.shown, at)
	return finding.Finding{ID: id}, nil
}

func (r *recorder) Finding(_ context.Context, id string) (finding.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.finding.ID != id {
		return finding.Finding{}, fault.ErrNotFound
	}
	return r.finding, nil
}

func (r *recorder) Findings(_ context.Context, q finding.Query) ([]finding.Finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []finding.Finding
	for _, f := range append([]finding.Finding{r.finding}, r.all...) {
		q.Since = time.Time{}
		if f.ID != "" && q.Matches(f) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, f)
		}
	}
	return out, r.unread
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
		Clerk: &slack.ClerkConfig{
			Answers: &o.answers, Findings: &o.answers, Channels: []string{"C01PAY", "C01"}, BaseURL: options.BaseURL,
			Desk: desk.Desk{
				Store: memory.New(), Now: func() time.Time { return o.now },
				Authority: authority.Authority{Approvers: map[string]bool{"user:ada@example.com": true}},
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
func (o *office) show(t *testing.T, f finding.Finding) finding.Finding {
	t.Helper()
	o.answers.finding = o.workspace.show(t, f)
	return o.answers.finding
}

// click presses a button of the finding's card.
func (o *office) click(t *testing.T, user string, f finding.Finding, action string) {
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

// post sends a body to the handler and returns the status.
func (o *office) post(body []byte, h http.Header, path string) int {
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header = h
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w.Code
}

// courier is a topic that takes what it is given, or fails.
type courier struct {
	took func(desk.Signed)
	fail error
}

func (c courier) Send(_ context.Context, s desk.Signed) error {
	if c.fail == nil && c.took != nil {
		c.took(s)
	}
	return c.fail
}

// listed are the approvers of a fixed list, from Slack user id to principal.
func listed(m map[string]string) slack.Approvers {
	return func(_ context.Context, userID string) (string, error) { return m[userID], nil }
}
