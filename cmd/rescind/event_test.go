package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/testevent"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/emulator"
)

// grantEntry is Editor for an account, as a project's log has it.
const grantEntry = `{"logName":"projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity","insertId":"e1","timestamp":"2026-11-20T09:00:00Z",
"resource":{"type":"project","labels":{"project_id":"pay-prod"}},"severity":"NOTICE","unheardOf":{"kept":true},
"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"cloudresourcemanager.googleapis.com","methodName":"SetIamPolicy",
"resourceName":"projects/pay-prod","authenticationInfo":{"principalEmail":"dev@example.com"},"status":{},
"serviceData":{"@type":"type.googleapis.com/google.iam.v1.logging.AuditData","policyDelta":{"bindingDeltas":[
{"action":"ADD","role":"roles/editor","member":"serviceAccount:runner@pay-prod.iam.gserviceaccount.com"}]}}}}`

// besideTheDemo is the configuration of a serve beside `demo --sim-addr`, as the
// page on operations has it.
func besideTheDemo(t *testing.T, simAddr string) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		if text, _, _ := strings.Cut(block, "```"); strings.Contains(text, "iamcredentials: 127.0.0.1:8090") {
			return strings.ReplaceAll(text, "127.0.0.1:8090", simAddr)
		}
	}
	t.Fatal("docs/operations.md has no configuration for a serve beside the demo")
	return ""
}

func TestAnEventIsPushedToAServeBesideTheDemo(t *testing.T) {
	w, err := sandbox.New(t.Context(), "127.0.0.1:0", "apiVersion: rescind/v1\npolicies: [{name: no-public-invoker, enforcement: audit}]\n", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s := startServe(t, besideTheDemo(t, w.SimAddr), anyPort)
	config := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, config, besideTheDemo(t, w.SimAddr))

	code, out, errs := runCommand(t, grantEntry, "event", "push", "--config", config, "--to", s.url+"/events", "-")
	for _, want := range []string{
		"change:    SetIamPolicy of cloudresourcemanager.googleapis.com\n", "actor:     user:dev@example.com\n", "time:      2026-11-20T09:00:00Z\n",
		"insert id: e1\n", "roles/editor", "\nHTTP 204: taken.",
	} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, no %q in:\n%s%s", code, want, out, errs)
		}
	}
	file := filepath.Join(t.TempDir(), "entry.json")
	write(t, file, "["+grantEntry+"]\n") // as gcloud logging read writes it
	if code, out, errs := runCommand(t, "", "event", "push", "--now", "--config", config, "--to", s.url+"/events", file); code != exitOK || !strings.Contains(out, "insert id: rescind-test-") {
		t.Errorf("exit %d:\n%s%s", code, out, errs)
	}

	stranger := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, stranger, strings.Replace(besideTheDemo(t, w.SimAddr), "push@ops", "stranger@ops", 1))
	for name, row := range map[string]struct{ config, to, want string }{
		"the token of another account": {stranger, s.url + "/events", "HTTP 401: rescind does not take the token"},
		"another path":                 {config, s.url + "/event", "HTTP 404: nothing takes events there"},
	} {
		code, out, errs := runCommand(t, grantEntry, "event", "push", "--config", row.config, "--to", row.to, "-")
		if code != exitFailed || !strings.Contains(out, row.want) || !strings.Contains(errs, "did not take it") {
			t.Errorf("%s: exit %d\n%s%s", name, code, out, errs)
		}
	}
	_, log := s.end(t)
	for _, id := range []string{"insert_id=e1 ", "insert_id=rescind-test-"} {
		if strings.Count(log, `msg="event handled"`) != 2 || strings.Count(log, id) == 0 {
			t.Errorf("no event of %s was handled:\n%s", id, log)
		}
	}
}

func TestAnEventIsPublishedToATopic(t *testing.T) {
	emulator.PubSub.Use(t)
	ctx := t.Context()
	c, err := pubsub.NewClient(ctx, "ops")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const topic, subscription = "projects/ops/topics/events", "projects/ops/subscriptions/events"
	if _, err := c.TopicAdminClient.CreateTopic(ctx, &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.SubscriptionAdminClient.CreateSubscription(ctx, &pubsubpb.Subscription{Name: subscription, Topic: topic}); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := runCommand(t, grantEntry, "event", "push", "--topic", topic, "-"); code != exitOK || !strings.Contains(out, "published to "+topic) {
		t.Fatalf("exit %d:\n%s%s", code, out, errs)
	}
	got, err := c.SubscriptionAdminClient.Pull(ctx, &pubsubpb.PullRequest{Subscription: subscription, MaxMessages: 2})
	if err != nil || len(got.ReceivedMessages) != 1 || string(got.ReceivedMessages[0].Message.Data) != grantEntry {
		t.Errorf("%v, %v", got, err)
	}
}

func TestAnEventIsOnlyLookedAtWithoutAWayToSendIt(t *testing.T) {
	code, out, errs := runCommand(t, grantEntry, "event", "push", "-")
	if code != exitOK || !strings.Contains(out, "resource:  //cloudresourcemanager.googleapis.com/projects/pay-prod\n") || !strings.HasSuffix(out, "nothing was sent: --to or --topic says where to\n") {
		t.Errorf("exit %d:\n%s%s", code, out, errs)
	}
}

func TestARenewedEntryIsTheSameButForItsIDAndTimes(t *testing.T) {
	now := time.Date(2026, 11, 29, 15, 0, 0, 0, time.UTC)
	one, err := testevent.Renew([]byte(grantEntry), now)
	two, err2 := testevent.Renew([]byte(grantEntry), now)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	a, err := auditlog.Decode(one)
	b, err2 := auditlog.Decode(two)
	if err != nil || err2 != nil || !a.Time.Equal(now) || a.ID == b.ID || a.Deltas[0].Grant.String() != b.Deltas[0].Grant.String() {
		t.Errorf("%+v, %v\n%+v, %v", a, err, b, err2)
	}
	if !bytes.Contains(one, []byte(`"unheardOf":{"kept":true}`)) {
		t.Errorf("what nobody knows here is gone: %s", one)
	}
}

func TestAnEventThatCannotBePushedIsRefusedWithTheReason(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "rescind.yaml")
	write(t, config, besideTheDemo(t, "127.0.0.1:1"))
	push := func(more ...string) []string {
		return append([]string{"--config", config, "--to", "http://127.0.0.1:1/events"}, more...)
	}
	for _, tt := range []struct {
		name, entry string
		args        []string
		code        int
		want        string
	}{
		{"no file", "", nil, exitUsage, "want one FILE, or - for standard input, not 0"},
		{"two files", "", []string{"a", "b"}, exitUsage, "want one FILE, or - for standard input, not 2"},
		{"a file that is not there", "", []string{filepath.Join(dir, "none")}, exitFailed, "no such file"},
		{"both ways", grantEntry, push("--topic", "projects/p/topics/t", "-"), exitUsage, "--to and --topic are two ways of sending it"},
		{"no configuration", grantEntry, []string{"--to", "http://127.0.0.1:1/events", "-"}, exitUsage, "--to needs --config"},
		{"a topic that is none", grantEntry, []string{"--topic", "events", "-"}, exitUsage, `--topic: topic "events" is not projects/P/topics/T`},
		{"nothing", "", []string{"-"}, exitFailed, "it is not JSON: want one log entry"},
		{"no JSON", "entry", []string{"-"}, exitFailed, "it is not JSON: want one log entry"},
		{"JSON Lines", grantEntry + "\n" + grantEntry, []string{"-"}, exitFailed, "there is something after the first entry"},
		{"a list of two", "[" + grantEntry + "," + grantEntry + "]", []string{"-"}, exitFailed, "it is a list of 2: want one log entry"},
		{"far too much", strings.Repeat(" ", 1<<20+1), []string{"-"}, exitFailed, "it has more than 1048576 bytes"},
		{"a number, to be renewed", "1", []string{"--now", "-"}, exitFailed, "the entry is no JSON object"},
		{"no log entry", "{}", push("-"), exitFailed, "the entry would come to nothing: "},
		{"a read", strings.Replace(grantEntry, `"SetIamPolicy"`, `"GetIamPolicy"`, 1), push("-"), exitFailed, "the entry would come to nothing: not a change"},
		{"a call that failed", strings.Replace(grantEntry, `"status":{}`, `"status":{"code":7}`, 1), push("-"), exitFailed, "the entry would come to nothing: failed call"},
		{"another host than the token is for", grantEntry, []string{"--config", config, "--to", "https://rescind.example.net/events", "-"}, exitUsage, "whoever is at another host could push with the token for an hour"},
		{"in the clear", grantEntry, []string{"--config", config, "--to", "http://r.example.com/events", "-"}, exitUsage, "--to: it has scheme \"http\""},
		{"nobody to make a token", grantEntry, push("-"), exitFailed, "ask for a token of push@ops.iam.gserviceaccount.com: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := runCommand(t, tt.entry, append([]string{"event", "push"}, tt.args...)...)
			if code != tt.code || !strings.Contains(errs, tt.want) || strings.Contains(out, "HTTP ") {
				t.Errorf("exit %d, want %d\n%s%s\nwant %s", code, tt.code, out, errs, tt.want)
			}
		})
	}
}

// What keeps one from the token is said with what mends it, and nothing of what was
// answered is shown.
func TestWhoMayNotImpersonateThePushAccountIsToldWhatItTakes(t *testing.T) {
	for status, want := range map[int]string{
		403: "it takes iam.serviceAccounts.getOpenIdToken on that account",
		404: "HTTP 404: there is no such account", 500: "HTTP 500", 200: "the answer holds no token", 302: "HTTP 302",
	} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "5ec2e7"})
		}))
		config := filepath.Join(t.TempDir(), "rescind.yaml")
		write(t, config, besideTheDemo(t, strings.TrimPrefix(api.URL, "http://")))
		code, out, errs := runCommand(t, grantEntry, "event", "push", "--config", config, "--to", "http://127.0.0.1:1/events", "-")
		if code != exitFailed || !strings.Contains(errs, want) || strings.Contains(out+errs, "5ec2e7") {
			t.Errorf("HTTP %d: exit %d, stderr %s", status, code, errs)
		}
		api.Close()
	}
}
