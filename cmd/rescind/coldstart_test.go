package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
)

// BenchmarkColdStart measures how long a process takes from exec to its first
// 200 on /ready, as Cloud Run waits for it, next to the least a Go server can
// be. The two take turns, and the middle one of the starts counts, so that a
// busy machine slows both alike.
func BenchmarkColdStart(b *testing.B) {
	rescind, small := buildBinary(b, "."), buildBinary(b, "./testdata/smallserver")
	config := filepath.Join(b.TempDir(), "rescind.yaml")
	if err := os.WriteFile(config, []byte(smallStart), 0o600); err != nil {
		b.Fatal(err)
	}
	var ours, theirs []time.Duration
	for b.Loop() {
		for range 9 {
			ours = append(ours, startUp(b, rescind, "serve", "--config", config))
			theirs = append(theirs, startUp(b, small))
		}
	}
	b.ReportMetric(0, "ns/op") // the two together say nothing
	b.ReportMetric(milliseconds(median(ours)), "rescind-ms")
	b.ReportMetric(milliseconds(median(theirs)), "net/http-ms")
	b.ReportMetric(float64(median(ours))/float64(median(theirs)), "ratio")
}

// smallStart opens a file for its store, and connections to nowhere: a client
// connects when it is first used.
const smallStart = `scope: {include: [projects/p]}
identity: rescind@ops.iam.gserviceaccount.com
store: bolt:state.db
push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com}
google: {insecure: true, endpoints: {run: "127.0.0.1:1", iam: "127.0.0.1:1", resourcemanager: "127.0.0.1:1", orgpolicy: "127.0.0.1:1"}}
`

func buildBinary(b testing.TB, pkg string) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "server")
	out, err := exec.CommandContext(b.Context(), "go", "build", "-ldflags", "-s -w", "-o", file, pkg).CombinedOutput()
	if err != nil {
		b.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return file
}

// startUp starts the program, waits for the first 200 and ends it.
func startUp(b testing.TB, program string, args ...string) time.Duration {
	b.Helper()
	l, err := (&net.ListenConfig{}).Listen(b.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close() // the program listens there next
	ctx, stop := context.WithTimeout(b.Context(), 30*time.Second)
	defer stop()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PORT="+port)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer stop()
	for !ready(ctx, "http://127.0.0.1:"+port+"/ready") {
		if err := process.Wait(ctx, time.Millisecond); err != nil {
			b.Fatalf("%s was not ready in time: %v", program, err)
		}
	}
	return time.Since(begin)
}

func ready(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
