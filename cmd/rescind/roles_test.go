package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// inTime is how long Cloud Run waits for a process that it told to stop.
// https://cloud.google.com/run/docs/container-contract#instance-shutdown
const inTime = 10 * time.Second

// All the way, as it is installed: the worker and Slack's service are processes of their
// own, with Google's emulators between them, and Google's own command at both ends.
func TestAQuestionTravelsThroughTwoProcessesAndIsReverted(t *testing.T) {
	if _, err := exec.LookPath("gcloud"); err != nil {
		t.Skip("gcloud is not installed")
	}
	w := newRoleWorld(t)
	worker, front := w.start("worker"), w.start("slack")
	w.worker.Host, w.front.Host = strings.TrimPrefix(worker.url, "http://"), strings.TrimPrefix(front.url, "http://")

	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the worker:\n%s\nSlack's service:\n%s", worker.log, front.log)
		}
	})

	const inTheEntry = "a-value-that-is-nobodys-business"
	w.gcloud("run", "services", "update", "api", "--update-env-vars=KEY="+inTheEntry)
	w.gcloud("run", "services", "add-iam-policy-binding", "api", "--member=allUsers", "--role=roles/run.invoker")
	var card simslack.Message
	until(t, "the question", func() bool {
		for _, m := range w.slack.Messages() {
			if strings.Contains(string(m.Blocks), "rescind.revert") {
				card = m
			}
		}
		return card.TS != ""
	})
	if err := w.slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	until(t, "the card that says what became of it", func() bool {
		for _, m := range w.slack.Messages() {
			if m.TS == card.TS && m.Edits > 0 && !strings.Contains(string(m.Blocks), "rescind.revert") && strings.Contains(string(m.Blocks), "everted") {
				return true
			}
		}
		return false
	})
	if got := w.gcloud("run", "services", "get-iam-policy", "api", "--format=value(bindings.members)"); strings.Contains(got, "allUsers") || !strings.Contains(got, "group:frontend@example.com") {
		t.Errorf("gcloud sees the members %q", got)
	}
	if body := pageOf(t, worker.page); !strings.Contains(body, `rescind_revert_duration_seconds_count{asked="true"} 1`) {
		t.Errorf("the revert is not on the page:\n%s", body)
	} else {
		_, _ = io.WriteString(w.sent, body)
	}
	if body := pageOf(t, front.page); strings.Contains(body, "rescind_google_call") {
		t.Errorf("Slack's service asked Google Cloud:\n%s", body)
	}
	for name, p := range map[string]*program{"worker": worker, "slack": front} {
		if took, err := p.end(t); err != nil || took > inTime {
			t.Errorf("%s ended after %v: %v", name, took, err)
		}
	}
	w.tracedLines(worker.log.String())
	if sent := w.sent.String(); !strings.Contains(sent, "rescind.outcomes") || !strings.Contains(sent, "write allow policy") || !strings.Contains(sent, "receive POST /answers") {
		t.Error("the collector did not get the outcomes, or not the spans")
	}
	w.keptToThemselves(inTheEntry, worker.log.String(), front.log.String(), w.sent.String())
}

// tracedLines compares what the line of an event says of its trace.
func (w *roleWorld) tracedLines(log string) {
	w.t.Helper()
	n := 0
	for line := range strings.Lines(log) {
		var l struct {
			Message  string
			Findings []string
			Trace    string `json:"logging.googleapis.com/trace"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			w.t.Errorf("not JSON: %s", line)
		}
		if l.Message == "event handled" && len(l.Findings) > 0 {
			n++
			if l.Trace != "projects/ops/traces/"+roleTrace {
				w.t.Errorf("it is of the trace %q: %s", l.Trace, line)
			}
		}
	}
	if n == 0 {
		w.t.Error("no line tells of an event with a finding")
	}
}

// keptToThemselves fails where one of the texts has a secret, a token, a signature or what
// was signed, or what stood in the body of an entry.
func (w *roleWorld) keptToThemselves(inTheEntry string, texts ...string) {
	w.t.Helper()
	secrets := append(strings.Fields(w.secrets.String()), inTheEntry, "response_url", "trigger_id")
	if !strings.Contains(w.entries.String(), inTheEntry) {
		w.t.Error("no entry has what was written into one")
	}
	if len(secrets) < 8 { // two of Slack, two tokens, a signature and its body, and those above
		w.t.Errorf("only %d secrets passed", len(secrets))
	}
	for _, text := range texts {
		if text == "" {
			w.t.Error("there is nothing to look at")
		}
		for _, s := range secrets {
			if strings.Contains(text, s) {
				w.t.Errorf("what nobody may read is there: %.12s...", s)
			}
		}
	}
}

func pageOf(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A Google Cloud that takes requests and never answers, a collector that does not either, and
// somebody whose request never ends, keep nothing from being in the store, and the process
// for no longer than it has.
func TestWorkUnderWayIsOwedWhenAProcessIsStopped(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 64)
	silent := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
		if m, _ := grpc.MethodFromServerStream(s); strings.HasSuffix(m, "/GetIamPolicy") { // for the event, and not for the baseline
			asked <- struct{}{}
		}
		<-s.Context().Done()
		return s.Context().Err()
	}))
	t.Cleanup(silent.Stop)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = silent.Serve(l) }()
	release := make(chan struct{})
	collects := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); collects.Close() })
	pusher, keys := signer(t, "push@ops.iam.gserviceaccount.com")
	config := filepath.Join(t.TempDir(), "rescind.yaml")
	store := filepath.Join(t.TempDir(), "state.db")
	write(t, config, strings.NewReplacer("127.0.0.1:1", l.Addr().String(), "projects/p]", "projects/pay-prod]", "bolt:state.db", "bolt:"+store).Replace(serveConfig(keys)))
	p := startProgram(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collects.URL}, "--config", config)

	type pushed struct {
		code int
		err  error
	}
	answered := make(chan pushed, 1)
	go func() {
		code, err := pusher.At(p.url+"/events").Deliver(t.Context(), []byte(grantEntry), "1")
		answered <- pushed{code, err}
	}()
	unfinished, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer unfinished.Close()
	token, err := pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(unfinished, "POST /events HTTP/1.1\r\nHost: rescind\r\nAuthorization: Bearer "+token+"\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	<-asked
	took, err := p.end(t)
	if took > inTime {
		t.Errorf("it ended after %v", took)
	}
	t.Logf("it ended after %v: %v", took, err)
	if got := <-answered; got.err != nil || got.code != http.StatusNoContent {
		t.Errorf("the push under way: HTTP %d (%v)", got.code, got.err)
	}
	if !strings.Contains(p.log.String(), `"message":"stopped","why":"failure","error":"wait for requests in flight: `) {
		t.Errorf("the log does not say that a request was cut off:\n%s", p.log)
	}
	code, out, errs := runCommand(t, "", "findings", "list", "--config", config, "--owed", "--format", "json")
	if code != exitOK || !strings.Contains(out, "pay-prod") {
		t.Errorf("exit %d, owed:\n%s%s", code, out, errs)
	}
}
