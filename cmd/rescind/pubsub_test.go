package main

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/rescind-dev/rescind/remediate/state"
)

var errNoPubSub = errors.New("the Pub/Sub emulator is not installed: gcloud components install pubsub-emulator")

// emulatePubSub starts Google's emulator of Pub/Sub, and makes the library use it.
func emulatePubSub(t *testing.T) {
	t.Helper()
	java, jar, err := findPubSub()
	if err != nil {
		t.Skip(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	_ = l.Close() // the emulator takes no listener
	cmd := exec.CommandContext(t.Context(), java, "-Xmx256m", "-Duser.language=en", "-cp", jar,
		"com.google.cloud.pubsub.testing.v1.Main", "--host=127.0.0.1", "--port="+port)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Server started") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // it would stop at a full pipe
			t.Setenv("PUBSUB_EMULATOR_HOST", addr)
			return
		}
	}
	t.Fatalf("the Pub/Sub emulator did not start:\n%s", &said)
}

func findPubSub() (java, jar string, err error) {
	gcloud, err := exec.LookPath("gcloud")
	if err != nil {
		return "", "", errNoPubSub
	}
	if gcloud, err = filepath.EvalSymlinks(gcloud); err != nil {
		return "", "", err
	}
	jars, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(gcloud)), "platform", "pubsub-emulator", "lib", "cloud-pubsub-emulator-*.jar"))
	if err != nil || len(jars) == 0 {
		return "", "", errNoPubSub
	}
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", errNoPubSub
	}
	return java, jars[0], nil
}

// The emulator signs no token, so one stands between it and the worker that does.
func TestAClickTravelsOverPubSubToTheWorker(t *testing.T) {
	emulatePubSub(t)
	d := newTestDemo(t, askAlways)
	f, card := asked(t, d)
	const topic, subscription = "projects/ops/topics/rescind-answers", "projects/ops/subscriptions/rescind-answers"
	worker := another(t, d, func(c *config, w *world) { c.AnswersTopic, w.role = topic, roleWorker })
	signing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := d.pusher.Token()
		if err != nil {
			t.Error(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.URL.Path = "/answers"
		worker.routes.ServeHTTP(w, r)
	}))
	defer signing.Close()

	client, err := pubsub.NewClient(t.Context(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: subscription, Topic: topic, PushConfig: &pubsubpb.PushConfig{PushEndpoint: signing.URL + "/"},
	}); err != nil {
		t.Fatal(err)
	}

	c := d.conf
	c.AnswersTopic = topic
	slackURL := strings.TrimSuffix(c.Slack.APIURL, "api/")
	front, err := newProcess(t.Context(), c, world{role: roleSlack, lookup: demoSecrets, now: time.Now, notes: slackURL, log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	server := httptest.NewServer(front.handler())
	defer server.Close()
	d.slack.Connect(strings.TrimSuffix(slackURL, "/"), server.URL+"/slack/interactions")
	if err := d.slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	if err := d.waitFor(t.Context(), f.ID); err != nil {
		t.Fatal(err)
	}
	if f, err = d.app.Store.Finding(t.Context(), f.ID); err != nil || f.State != state.Reverted || f.Answers[0].Principal != "user:ada@example.com" {
		t.Errorf("the finding is %s (%v)", f.State, err)
	}
}
