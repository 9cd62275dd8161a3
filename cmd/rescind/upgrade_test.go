//go:build soak

package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/remediate/state"
)

// TestUpgradeFrom runs the program of this tree beside that of an earlier release, which
// RESCIND_EARLIER names, on one Firestore database, as a rolling deploy does. Each event
// goes to either of them. `make upgrade` builds the earlier one.
func TestUpgradeFrom(t *testing.T) {
	earlier := os.Getenv("RESCIND_EARLIER")
	if earlier == "" {
		t.Skip("RESCIND_EARLIER names no program: make upgrade FROM=COMMIT")
	}
	emulator.Firestore.Use(t)
	w := newSoakWorld(t, "{per_policy_per_hour: 3000, per_project_per_hour: 3000, total_per_hour: 3000}") // keys that earlier releases know
	b, err := os.ReadFile(w.config())
	w.must(err)
	write(t, w.config(), strings.Replace(string(b), "store: bolt:state.db", "store: firestore://upgrade-"+strings.ToLower(t.Name())+"/rescind", 1))

	var programs []*exec.Cmd
	var logs []*bytes.Buffer
	var proxies []http.Handler
	for _, program := range []string{earlier, w.program} {
		port := freePort(t)
		serve, log := w.run(program, port)
		programs, logs = append(programs, serve), append(logs, log)
		to, err := url.Parse("http://127.0.0.1:" + port)
		w.must(err)
		proxies = append(proxies, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	}
	var n, refused atomic.Int64
	both := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		which := int(n.Add(1)) % len(proxies)
		answer := httptest.NewRecorder()
		proxies[which].ServeHTTP(answer, r)
		if which == 0 && answer.Code == http.StatusServiceUnavailable {
			refused.Add(1)
		}
		w.WriteHeader(answer.Code)
	}))
	defer both.Close()
	w.pusher = w.pusher.At(both.URL + "/events")

	entries := w.mess(2, 2) // and again: few enough for the limit of an actor
	w.push(entries, 4)
	told := len(entries)
	entries = w.open() // each has a finding of one of the two by now
	w.push(entries[told:], 4)
	_ = process.Wait(t.Context(), 5*time.Second)
	for _, p := range programs {
		_ = p.Process.Signal(syscall.SIGTERM)
		_ = p.Wait()
	}

	a := w.ahead(10 * time.Minute)
	for range 20 {
		if n, err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			break
		}
	}
	for path, fs := range byResource(t, a) {
		for _, f := range fs {
			if f.State != state.Reverted || len(f.Outbox) > 0 {
				t.Errorf("%s has a finding that is %s and owes %q: %s", path, f.State, f.Outbox, f.Why)
			}
		}
		if len(fs) != 2 || w.effects[path] != 2 {
			t.Errorf("%s has %d findings and was written %d times, want 2 of each", path, len(fs), w.effects[path])
		}
	}
	out, err := exec.CommandContext(t.Context(), w.program, "audit", "verify", "--config", w.config()).CombinedOutput() //nolint:gosec // built by this test
	if err != nil {
		t.Errorf("audit verify: %v\n%s", err, out)
	}
	t.Logf("audit verify:\n%s", out)
	out, err = exec.CommandContext(t.Context(), earlier, "findings", "list", "--config", w.config()).CombinedOutput() //nolint:gosec // who runs this names it
	t.Logf("the earlier release answered %d events of many with 503; findings list of it: %v\n%s", refused.Load(), err, out)
	if t.Failed() {
		t.Logf("the log of the earlier release ends\n%s", tail(logs[0].String(), 2000))
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }
