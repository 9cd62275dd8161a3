//go:build soak

package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
)

// benchFigures are how the rows are measured: each returns what stands in the table.
var benchFigures = map[string]func(*bench, *testing.T) string{
	"irrelevant": (*bench).irrelevant, "duplicate": (*bench).duplicate, "setiam": (*bench).setIAM, "deploys": (*bench).deploys,
	"reverts": (*bench).reverts, "revertcpu": (*bench).revertCPU, "burst": (*bench).burst, "noisy": (*bench).noisy,
	"coldstart": (*bench).coldStart, "idle": (*bench).idle, "size": (*bench).size,
}

// ms writes a duration for a reader.
func ms(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.2f ms", milliseconds(d))
	}
	return fmt.Sprintf("%.0f ms", milliseconds(d))
}

func pushBody(entry []byte, id string) []byte {
	return fmt.Appendf(nil, `{"message":{"data":%q,"messageId":%q,"publishTime":%q},"subscription":"projects/ops/subscriptions/rescind-events"}`,
		base64.StdEncoding.EncodeToString(entry), id, time.Now().UTC().Format(time.RFC3339Nano))
}

// irrelevantEntry is one of Compute Engine's, which make a push of 5 KB.
func irrelevantEntry(t *testing.T) []byte {
	t.Helper()
	var asked []any
	for i := range 24 {
		asked = append(asked, map[string]any{"resource": fmt.Sprintf("projects/pay-prod/zones/europe-west1-b/instances/vm-%d", i), "permission": "compute.instances.get", "granted": true})
	}
	entry, err := json.Marshal(map[string]any{
		"insertId": "a1", "logName": "projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": time.Now().UTC(), "severity": "NOTICE",
		"resource": map[string]any{"type": "gce_instance", "labels": map[string]string{"project_id": "pay-prod"}},
		"protoPayload": map[string]any{
			"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "compute.googleapis.com", "methodName": "v1.compute.instances.insert",
			"resourceName": "projects/pay-prod/zones/europe-west1-b/instances/vm-1", "authorizationInfo": asked,
			"authenticationInfo": map[string]string{"principalEmail": "jo@example.com"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// irrelevant takes turns with the handler that reads the body alone, so that a
// busy machine slows both alike.
func (b *bench) irrelevant(t *testing.T) string {
	w := b.world(t)
	w.start()
	defer w.end(syscall.SIGTERM)
	anchor, port := b.anchor(t, w)
	token, err := w.pusher.Token()
	w.must(err)
	body := pushBody(irrelevantEntry(t), "1")
	var shares []float64
	var ours, theirs time.Duration
	for range b.of(7, 3) {
		theirs = posted(t, anchor.Process.Pid, port, token, body, b.of(40_000, 4_000))
		ours = posted(t, w.pid(), w.port, token, body, b.of(40_000, 4_000))
		shares = append(shares, float64(theirs)/float64(max(ours, 1)))
	}
	slices.Sort(shares)
	b.spent["irrelevant"] = ours
	return fmt.Sprintf("%.0f %% (%s, %s)", 100*shares[len(shares)/2], us(ours), us(theirs))
}

func us(d time.Duration) string { return fmt.Sprintf("%.0f us", float64(d)/float64(time.Microsecond)) }

// anchor starts smallserver on the core of serve.
func (b *bench) anchor(t *testing.T, w *soakWorld) (*exec.Cmd, string) {
	t.Helper()
	port := freePort(t)
	args := []string{b.small}
	if w.core != "" {
		args = append([]string{"taskset", "-c", w.core}, args...)
	}
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Env = append(append(os.Environ(), "PORT="+port), w.env...)
	w.must(c.Start())
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for !ready(t.Context(), "http://127.0.0.1:"+port+"/ready") {
		w.must(process.Wait(t.Context(), time.Millisecond))
	}
	return c, port
}

// duplicate is an event of which there is a finding that has ended.
func (b *bench) duplicate(t *testing.T) string {
	w := b.world(t)
	w.services(1, 1)
	entries := w.told(granted("allUsers"))
	w.start()
	defer w.end(syscall.SIGTERM)
	w.push(entries, 1)
	w.settled(t, 1, 30*time.Second)
	token, err := w.pusher.Token()
	w.must(err)
	b.spent["duplicate"] = posted(t, w.pid(), w.port, token, pushBody(entries[0], "0"), b.of(40_000, 800))
	return us(b.spent["duplicate"])
}

func (b *bench) setIAM(t *testing.T) string {
	w := b.world(t)
	w.services(b.of(60, 6), b.of(20, 2))
	entries := w.told(granted("user:jo@example.com"))
	w.start()
	defer w.end(syscall.SIGTERM)
	took, _ := w.paced(entries, b.of(60, 12), "m")
	return fmt.Sprintf("%s, %s", ms(quantile(took, 0.5)), ms(quantile(took, 0.99)))
}

func (b *bench) deploys(t *testing.T) string {
	w := b.world(t)
	w.services(b.of(50, 5), b.of(6, 1))
	entries := w.told(deployed)
	w.start()
	defer w.end(syscall.SIGTERM)
	took, _ := w.paced(entries, b.of(10, 10), "m")
	return ms(quantile(took, 0.99))
}

// revertFigures are what one run gives two rows.
type revertFigures struct {
	events, written int
	took            []time.Duration
	cpu             time.Duration
}

// reverted runs once for both rows.
func (b *bench) reverted(t *testing.T) *revertFigures {
	if b.reverting != nil {
		return b.reverting
	}
	w := b.world(t)
	w.services(b.of(500, 10), b.of(6, 2))
	entries := w.told(granted("allUsers"))
	w.start()
	defer w.end(syscall.SIGTERM)
	before := cpu(w.pid())
	_, due := w.paced(entries, b.of(50, 10), "m")
	w.settled(t, len(entries), time.Duration(b.of(60, 20))*time.Second)
	f := &revertFigures{events: len(entries), cpu: cpu(w.pid()) - before}
	w.mu.Lock()
	defer w.mu.Unlock()
	for n, path := range w.opened {
		if at, ok := w.done[path]; ok {
			f.written++
			f.took = append(f.took, at.Sub(due[n]))
		}
	}
	b.reverting = f
	return f
}

func (b *bench) reverts(t *testing.T) string {
	f := b.reverted(t)
	return fmt.Sprintf("%d of %d, %s, %s", f.written, f.events, ms(quantile(f.took, 0.5)), ms(quantile(f.took, 0.99)))
}

func (b *bench) revertCPU(t *testing.T) string {
	f := b.reverted(t)
	b.spent["reverted"] = f.cpu / time.Duration(max(f.written, 1))
	return ms(b.spent["reverted"])
}

// settled waits until so many writes have taken effect, or the time is over.
func (w *soakWorld) settled(t *testing.T, writes int, within time.Duration) {
	t.Helper()
	for end := time.Now().Add(within); time.Now().Before(end); {
		w.mu.Lock()
		n := len(w.done)
		w.mu.Unlock()
		if n >= writes {
			return
		}
		w.must(process.Wait(t.Context(), 20*time.Millisecond))
	}
}

func (b *bench) burst(t *testing.T) string {
	w := b.world(t)
	w.services(b.of(100, 10), b.of(100, 3))
	entries := w.told(granted("allUsers"))
	w.start()
	took, _ := w.paced(entries, b.of(1000, 30), "m")
	w.settled(t, len(entries), time.Duration(b.of(180, 20))*time.Second)
	peak := w.end(syscall.SIGTERM)
	found := len(byResource(t, w.ahead(0)))
	taken := len(slices.DeleteFunc(took, func(d time.Duration) bool { return d == 0 }))
	return fmt.Sprintf("%d of %d (p99 %s), %d, %d MB", taken, len(entries), ms(quantile(took, 0.99)), found, peak/1_000_000)
}

// noisy compares the same quiet projects without and with one beside them.
func (b *bench) noisy(t *testing.T) string {
	alone := b.quiet(t, false)
	beside := b.quiet(t, true)
	return fmt.Sprintf("%+.0f %% (%s, %s)", 100*(float64(beside)/float64(max(alone, 1))-1), ms(beside), ms(alone))
}

func (b *bench) quiet(t *testing.T, noise bool) time.Duration {
	w := b.world(t)
	w.services(21, b.of(15, 2))
	quiet := slices.DeleteFunc(slices.Clone(w.opened), func(path string) bool { return strings.HasPrefix(path, "projects/shop-000/") })
	all := w.opened
	w.opened = quiet
	entries := w.told(granted("user:jo@example.com"))
	w.opened = slices.DeleteFunc(all, func(path string) bool { return slices.Contains(quiet, path) })
	var loud [][]byte
	for len(loud) < b.of(1000, 50) {
		loud = append(loud, w.told(granted(fmt.Sprintf("user:jo%d@example.com", len(loud))))...)
	}
	w.start()
	defer w.end(syscall.SIGTERM)
	var wg sync.WaitGroup
	if noise {
		wg.Go(func() { _, _ = w.paced(loud, b.of(500, 50), "loud") })
	}
	took, _ := w.paced(entries, b.of(20, 20), "quiet")
	wg.Wait()
	return quantile(took, 0.99)
}

func (b *bench) coldStart(t *testing.T) string {
	config := filepath.Join(t.TempDir(), "rescind.yaml")
	if err := os.WriteFile(config, []byte(smallStart), 0o600); err != nil {
		t.Fatal(err)
	}
	var ours, theirs []time.Duration
	for range b.of(25, 3) {
		ours = append(ours, startUp(t, b.program, "serve", "--role", "worker", "--config", config))
		theirs = append(theirs, startUp(t, b.small))
	}
	return fmt.Sprintf("%.1fx (%s, %s)", float64(median(ours))/float64(median(theirs)), ms(median(ours)), ms(median(theirs)))
}

func (b *bench) idle(t *testing.T) string {
	w := b.world(t)
	w.start()
	defer w.end(syscall.SIGTERM)
	w.must(process.Wait(t.Context(), time.Duration(b.of(20, 1))*time.Second))
	return fmt.Sprintf("%.0f MB, of which %.0f MB are the program's file", float64(status(w.pid(), "VmRSS"))/1e6, float64(status(w.pid(), "RssFile"))/1e6)
}

func (b *bench) size(t *testing.T) string {
	info, err := os.Stat(b.program)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%.2f MB", float64(info.Size())/1e6)
}

func (w *soakWorld) pid() int { return w.serve.Process.Pid }
