package slack_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// alarming keeps the alarms of a desk in the office's list.
func alarming(said *[]string) func(*slack.ReceiverConfig) {
	return func(c *slack.ReceiverConfig) {
		d := c.Clerk.Desk.(desk.Desk)
		d.Alarm = func(_ context.Context, _, text string) error { *said = append(*said, text); return nil }
		c.Clerk.Desk = d
	}
}

// sends has a command written that travels, and returns it as it was sent.
func (tr *travelling) sends(t *testing.T, text string) desk.Signed {
	t.Helper()
	tr.answerTo(t, "U01", text)
	s := tr.sent[len(tr.sent)-1]
	s.At = tr.now
	return s
}

func (tr *travelling) paused(t *testing.T, d desk.PauseStore) bool {
	t.Helper()
	p, err := d.Pause(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p.Active(tr.now)
}

func storeOf(into *desk.Store) func(*slack.ReceiverConfig) {
	return func(c *slack.ReceiverConfig) { *into = c.Clerk.Desk.(desk.Desk).Store }
}

// What was pushed once can be pushed again for as long as Pub/Sub keeps it, by
// whoever may seek the subscription, with the time of the first time.
func TestS22AnOldPauseThatComesAgainDoesNothing(t *testing.T) {
	var st desk.Store
	var alarms []string
	tr := newTravelling(t, storeOf(&st), alarming(&alarms))
	pause := tr.sends(t, "pause for 4h a release")
	tr.now = tr.now.Add(time.Second)
	resume := tr.sends(t, "resume it is done")
	if err := tr.take(t, pause); err != nil || !tr.paused(t, st) {
		t.Fatalf("the pause: %v", err)
	}
	if err := tr.take(t, resume); err != nil || tr.paused(t, st) {
		t.Fatalf("the resume: %v", err)
	}
	notes := len(tr.notes())
	if err := tr.take(t, pause, pause); err != nil || tr.paused(t, st) || len(tr.notes()) != notes || len(alarms) != 0 {
		t.Errorf("come again at once: %v, paused %t, notes %v, alarms %v", err, tr.paused(t, st), tr.notes()[notes:], alarms)
	}
	other := pause
	other.Path = slack.InteractionsPath // nobody signs it
	if err := tr.take(t, other); err != nil || tr.paused(t, st) {
		t.Errorf("at another path: %v", err)
	}
	if err := tr.take(t, pause); err != nil || tr.paused(t, st) {
		t.Errorf("and then at its own: %v", err)
	}
}

func TestS22APauseOfMoreThanFiveMinutesAgoIsRefusedAndAnnounced(t *testing.T) {
	var st desk.Store
	var alarms []string
	tr := newTravelling(t, storeOf(&st), alarming(&alarms))
	pause := tr.sends(t, "pause for 4h a release")
	tr.now = tr.now.Add(5*time.Minute + time.Second)
	if err := tr.take(t, pause, pause); err != nil || tr.paused(t, st) {
		t.Errorf("%v, paused %t", err, tr.paused(t, st))
	}
	if len(alarms) != 1 || !strings.Contains(alarms[0], "a pause by user:ada@example.com (slack:T01/U01) was refused: it was signed at 2026-11-22T12:00:00Z") {
		t.Errorf("announced %v, want it once", alarms)
	}
	notes := tr.notes()
	if got := notes[len(notes)-1]; !strings.Contains(got, "Not done: it was signed at 2026-11-22T12:00:00Z, and a pause counts for five minutes.") {
		t.Errorf("told %q", got)
	}
}

func TestS22AClickCountsForAnHourAndOnce(t *testing.T) {
	tr := newTravelling(t)
	tr.click(t, "U01", tr.show(t, publicService()), "rescind.revert")
	sent := tr.sent[0]
	tr.now = tr.now.Add(time.Hour)
	if err := tr.take(t, sent, sent, sent); err != nil || len(tr.answers.got) != 1 {
		t.Errorf("after an hour: %v, %d answers", err, len(tr.answers.got))
	}

	late := newTravelling(t)
	late.click(t, "U01", late.show(t, publicService()), "rescind.revert")
	late.now = late.now.Add(time.Hour + time.Second)
	if err := late.take(t, late.sent...); err != nil || len(late.answers.got) != 0 {
		t.Errorf("after more than an hour: %v, answers %v", err, late.answers.got)
	}
	want := []string{"U01: Not recorded: it was signed at 2026-11-22T12:00:00Z, and counts for an hour."}
	if d := cmp.Diff(want, late.notes()); d != "" {
		t.Errorf("notes (-want +got):\n%s", d)
	}
}

// To page on-call again and again takes a click each.
func TestS22AClickThatPagesCountsOnce(t *testing.T) {
	p := &pager{}
	tr := newTravelling(t, func(c *slack.ReceiverConfig) { c.Clerk.OnCall = p })
	tr.show(t, publicService())
	body := form(strings.ReplaceAll(clickJSON(t, "action/action_id", "rescind.page"), "https://hooks.slack.com/", "http://unreachable.invalid/"))
	h := signed(stampOf(noon), body, signingSecret)
	s := desk.Signed{Kind: desk.SignedBySlack, Path: slack.InteractionsPath, Body: body, At: noon, Header: map[string]string{
		"X-Slack-Request-Timestamp": h.Get("X-Slack-Request-Timestamp"), "X-Slack-Signature": h.Get("X-Slack-Signature"),
	}}
	if err := tr.take(t, s, s); err != nil || p.paged != 1 {
		t.Errorf("%v, paged %d times", err, p.paged)
	}
}

// Where one process does all, a request that somebody saw on its way can be sent
// again within the five minutes of its signature.
func TestS22ARequestThatIsPostedTwiceCountsOnce(t *testing.T) {
	var st desk.Store
	o := newOffice(t, storeOf(&st))
	f := o.show(t, publicService())
	v := o.opened(t, "U01", f, "rescind.keep")
	var posted []*http.Request
	through := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			_, _ = body.ReadFrom(r.Body)
			again := httptest.NewRequest(r.Method, r.URL.Path, bytes.NewReader(body.Bytes()))
			again.Header = r.Header.Clone()
			posted = append(posted, again)
			r.Body = http.NoBody
			first := httptest.NewRequest(r.Method, r.URL.Path, bytes.NewReader(body.Bytes()))
			first.Header = r.Header
			h.ServeHTTP(w, first)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("/", through(o.handler))
	mux.Handle(slack.CommandsPath, through(o.receiver.Commands()))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	o.Connect(o.url, srv.URL)
	o.ConnectApp(srv.URL+slack.CommandsPath, srv.URL)

	if err := o.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil {
		t.Fatal(err)
	}
	o.click(t, "U01", f, "rescind.revert")
	o.answerTo(t, "U01", "pause for 4h a release")
	o.now = o.now.Add(time.Second)
	o.answerTo(t, "U01", "resume it is done")
	if len(posted) != 4 || len(o.answers.got) != 2 {
		t.Fatalf("%d posted, answers %v", len(posted), o.answers.got)
	}
	for _, r := range posted {
		w := httptest.NewRecorder()
		h := o.handler
		if r.URL.Path == slack.CommandsPath {
			h = o.receiver.Commands()
		}
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s again: HTTP %d", r.URL.Path, w.Code)
		}
	}
	p, err := st.Pause(t.Context())
	if err != nil || p.On || len(o.answers.got) != 2 {
		t.Errorf("after all of them came again: paused %t (%v), answers %v", p.On, err, o.answers.got)
	}
}
