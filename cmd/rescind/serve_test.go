package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/internal/sim/push"
)

// TestMain collects garbage less often: these tests allocate much and keep little. The same
// binary is the program where a test runs that as a process of its own.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	debug.SetGCPercent(400)
	code := m.Run()
	emulator.Stop()
	os.Exit(code)
}

const serveAudience = "https://r.example.com"

// served is `rescind serve` on a free port, run as main does.
type served struct {
	url  string
	log  *bytes.Buffer // complete once stopped
	stop context.CancelFunc
	code chan int
	read chan string // its address; closed when the log was read to its end
}

// startServe starts it with the configuration and waits until it listens. The
// port it chose is in its log, which is how anybody would learn it.
func startServe(t *testing.T, config string, env map[string]string) *served {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "rescind.yaml")
	write(t, path, config)
	ctx, stop := context.WithCancel(t.Context())
	logs, w := io.Pipe()
	s := &served{log: &bytes.Buffer{}, stop: stop, code: make(chan int, 1), read: make(chan string, 1)}
	go func() {
		code := run(ctx, []string{"serve", "--config", path}, environment{
			lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
			stdin:  strings.NewReader(""), stdout: w, stderr: w,
		})
		_ = w.Close()
		s.code <- code
	}()
	go func() {
		defer close(s.read)
		for lines := bufio.NewScanner(logs); lines.Scan(); {
			s.log.WriteString(lines.Text() + "\n")
			if _, address, ok := strings.Cut(lines.Text(), "msg=listening address="); ok {
				_, port, _ := strings.Cut(strings.Trim(address, `"`), "]:")
				s.read <- "http://127.0.0.1:" + port
			}
		}
	}()
	t.Cleanup(stop)
	url, ok := <-s.read
	if !ok {
		t.Fatalf("it ended with %d:\n%s", <-s.code, s.log)
	}
	s.url = url
	return s
}

// end stops it as a signal does, and returns the exit code and the log.
func (s *served) end(t *testing.T) (code int, log string) {
	t.Helper()
	s.stop()
	select {
	case code = <-s.code:
	case <-time.After(time.Second):
		t.Fatal("it did not end within a second")
	}
	<-s.read
	return code, s.log.String()
}

func (s *served) ask(t *testing.T, method, path, token, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// signer makes tokens as Google does, and says where its keys are.
func signer(t *testing.T, account string) (p *push.Pusher, keysURL string) {
	t.Helper()
	p, err := push.New(push.Options{URL: "http://127.0.0.1:1/", Audience: serveAudience, Account: account})
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(p.JWKS())
	t.Cleanup(keys.Close)
	return p, keys.URL
}

func serveConfig(keysURL string) string {
	return `scope: {include: [projects/p], exclude: [projects/q]}
scan: {every: 0s}
identity: rescind@ops.iam.gserviceaccount.com
store: bolt:state.db
push: {audience: ` + serveAudience + `, service_account: push@ops.iam.gserviceaccount.com, certs_url: "` + keysURL + `"}
google: {insecure: true, endpoints: {run: "127.0.0.1:1", iam: "127.0.0.1:1", resourcemanager: "127.0.0.1:1", orgpolicy: "127.0.0.1:1"}}
`
}

var anyPort = map[string]string{"PORT": "0"}

func TestServeAnswersAndEndsCleanly(t *testing.T) {
	pusher, keys := signer(t, "push@ops.iam.gserviceaccount.com")
	s := startServe(t, serveConfig(keys), anyPort)
	token, err := pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	// An entry that is no change: taken, and no reason to ask Google anything.
	const event = `{"message":{"data":"e30=","messageId":"1"},"subscription":"projects/o/subscriptions/s"}`
	for _, tt := range []struct {
		name, method, path, token, body string
		want                            int
	}{
		{"health", "GET", "/health", "", "", 200},
		{"ready", "GET", "/ready", "", "", 200},
		{"an event without a token", "POST", "/events", "", event, 401},
		{"an event with a token that is none", "POST", "/events", "a.b.c", event, 401},
		{"an event with Pub/Sub's token", "POST", "/events", token, event, 204},
		{"a sweep without a token", "POST", "/sweep", "", "", 401},
		{"a sweep with the token", "POST", "/sweep", token, "", 204},
		{"a click where there is no Slack", "POST", "/slack/interactions", "", "", 404},
		{"the pages, without IAP", "GET", "/findings", "", "", 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.ask(t, tt.method, tt.path, tt.token, tt.body); got != tt.want {
				t.Errorf("%s %s: %d, want %d", tt.method, tt.path, got, tt.want)
			}
		})
	}
	code, log := s.end(t)
	if code != exitOK {
		t.Errorf("exit %d, want 0", code)
	}
	if strings.Contains(log, token) {
		t.Error("the token is in the log")
	}
}

func TestServeLogsWhatItMayTouchAndHowHard(t *testing.T) {
	_, keys := signer(t, "push@ops.iam.gserviceaccount.com")
	dir := t.TempDir()
	policy := filepath.Join(dir, "own.yaml")
	write(t, policy, "apiVersion: rescind/v1\npolicies:\n  - {name: no-public-invoker, enforcement: approve, overrides: [{scope: projects/p, enforcement: revert}]}\n"+
		"  - {name: own, title: Own, severity: low, on: [run.service], when: 'constraint(\"run.allowedVPCEgress\").allows(\"all-traffic\")'}\n")
	s := startServe(t, serveConfig(keys)+"policies: ["+policy+"]\nbase_url: https://rescind.example.com\n", anyPort)
	code, log := s.end(t)
	if code != exitOK {
		t.Errorf("exit %d, want 0", code)
	}
	for _, want := range []string{
		"config.scope_include=[projects/p] config.scope_exclude=[projects/q]",
		"config.identity=rescind@ops.iam.gserviceaccount.com",
		"policy=no-public-invoker enforcement=approve severity=high overrides=\"projects/p=revert\"",
		"policy=no-default-service-account enforcement=audit",
		"policy=no-editor-on-runtime-identity enforcement=audit",
		`level=WARN msg="unguarded constraint" warning="policy \"own\" rests on the constraint run.allowedVPCEgress, `,
		"policy=no-constraint-weakening enforcement=audit",
		`level=WARN msg="configured, but without effect" key="base_url: cards have links, `,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in:\n%s", want, log)
		}
	}
}

func TestASweepMayHaveAnAccountOfItsOwn(t *testing.T) {
	sweeper, keys := signer(t, "sweep@ops.iam.gserviceaccount.com")
	s := startServe(t, strings.Replace(serveConfig(keys), "push: {", "push: {sweep_account: sweep@ops.iam.gserviceaccount.com, ", 1), anyPort)
	token, err := sweeper.Token()
	if err != nil {
		t.Fatal(err)
	}
	if got := s.ask(t, "POST", "/sweep", token, ""); got != 204 {
		t.Errorf("sweep: %d, want 204", got)
	}
	if got := s.ask(t, "POST", "/events", token, "{}"); got != 401 {
		t.Errorf("an event as the sweeper: %d, want 401", got)
	}
	s.end(t)
}

func TestServeRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bad.yaml"), "apiVersion: rescind/v1\npolicies:\n  - {name: x, titel: x}\n  - {name: y, severity: hgh}\n")
	small := func(more string) string { return serveConfig("") + more }
	withSlack := small("slack: {bot_token: {env: BOT}, signing_secrets: [{env: OLD}, {env: SIGNING}], team: T1, routes: [{channel: C1}]}\n")
	for _, tt := range []struct {
		name, config string
		env          map[string]string
		want         []string
	}{
		{"without the bot token", withSlack, nil, []string{"slack.bot_token: secret: environment variable BOT is not set"}},
		{"without one of the signing secrets", withSlack, map[string]string{"BOT": "b", "OLD": "o"}, []string{"slack.signing_secrets[1]: secret: environment variable SIGNING is not set"}},
		{"with policies that are wrong, all of it said", small("policies: [bad.yaml]\n"), nil, []string{
			`bad.yaml:3:15: a policy has an unknown key "titel"; did you mean "title"?`, `bad.yaml:4:25: severity is "hgh"`}},
		{"with policies that are not there", small("policies: [none]\n"), nil, []string{"none"}},
		{"with a store it does not have", strings.Replace(small(""), "bolt:state.db", "redis://ops/rescind", 1), nil, []string{`store "redis:" is not supported: want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`}},
		{"with a configuration that is wrong", "scop: {}\n", nil, []string{`rescind.yaml:1:1: the file has an unknown key "scop"; did you mean "scope"?`, "rescind.yaml:1:1: store is empty"}},
		{"on a port that is none", small(""), map[string]string{"PORT": "70000"}, []string{"listen: "}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(dir, "rescind.yaml")
			write(t, path, tt.config)
			var out, errs bytes.Buffer
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second) // should it start after all
			defer stop()
			code := run(ctx, []string{"serve", "--config", path}, environment{
				lookup: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok },
				stdin:  strings.NewReader(""), stdout: &out, stderr: &errs,
			})
			if code != exitFailed || out.Len() > 0 {
				t.Errorf("exit %d, stdout %q", code, out.String())
			}
			for _, want := range tt.want {
				if !strings.Contains(errs.String(), want) {
					t.Errorf("no %q in:\n%s", want, errs.String())
				}
			}
			if err := os.Remove(filepath.Join(dir, "state.db")); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Error(err)
			}
		})
	}
}

func TestServeIsUsedWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		"--config is missing":                               nil,
		`unexpected argument "x"`:                           {"--config", "f", "x"},
		`--role is "boss", want all, worker, slack or page`: {"--config", "f", "--role", "boss"},
		`--log-format is "xml", want json or text`:          {"--config", "f", "--log-format", "xml"},
		"flag provided but not defined: -port":              {"--port", "1"},
	} {
		code, _, errs := runCommand(t, "", append([]string{"serve"}, args...)...)
		if code != exitUsage || !strings.HasPrefix(errs, "rescind serve: "+want+"\n") {
			t.Errorf("%q: exit %d, stderr:\n%s", args, code, errs)
		}
	}
	code, _, errs := runCommand(t, "", "serve", "--config", filepath.Join(t.TempDir(), "none.yaml"))
	if code != exitFailed || !strings.HasPrefix(errs, "rescind serve: read configuration: open ") {
		t.Errorf("a missing file: exit %d, stderr:\n%s", code, errs)
	}
}

func TestServeDoesNotStartWhereWhoeverPushesEventsMayPushAnswers(t *testing.T) {
	const text = "scope: {include: [projects/p]}\nidentity: r@ops.iam.gserviceaccount.com\nstore: \"memory:\"\n" +
		"push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com}\nanswers_topic: projects/ops/topics/a\n"
	path := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, path, text)
	for _, role := range []string{"all", "worker"} {
		var out bytes.Buffer
		code := run(t.Context(), []string{"serve", "--config", path, "--role", role}, environment{
			lookup: func(string) (string, bool) { return "", false }, stdin: strings.NewReader(""), stdout: &out, stderr: &out,
		})
		if want := path + ":4:7: push.answers_account is empty and answers_topic is set"; code != 1 || !strings.Contains(out.String(), want) {
			t.Errorf("--role %s: exit %d\n%s\nwant %s", role, code, out.String(), want)
		}
	}
}
