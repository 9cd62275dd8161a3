//go:build soak

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestSoakBench measures every row of docs/performance.md: for a second or so
// each, to see that each still yields a figure. With RESCIND_BENCH=long, as make
// bench sets it, it takes its time, and writes the page; RESCIND_BENCH_ROW names
// one row, which is then measured and printed alone.
func TestSoakBench(t *testing.T) {
	b := &bench{T: t, long: os.Getenv("RESCIND_BENCH") == "long", spent: map[string]time.Duration{}}
	b.program, b.small = buildBinary(t, "."), buildBinary(t, "./testdata/smallserver")
	figures := map[string]string{}
	for _, r := range benchRows {
		if only := os.Getenv("RESCIND_BENCH_ROW"); only != "" && only != r.name {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			began := time.Now()
			figures[r.name] = benchFigures[r.name](b, t)
			t.Logf("%s: %s (goal %s), in %s", r.name, figures[r.name], r.goal, time.Since(began).Round(time.Second))
			if f := figures[r.name]; f == "" || strings.HasPrefix(f, "0 ") || strings.Contains(f, " 0 MB") || strings.Contains(f, " 0.00 ms") {
				t.Errorf("%q is no figure: it was not measured", f)
			}
		})
	}
	var growth string
	if only := os.Getenv("RESCIND_BENCH_ROW"); only == "" || only == "growth" {
		t.Run("growth", func(t *testing.T) {
			growth = b.growth(t)
			t.Logf("ended findings, projects, event again, event to revert, sweep, list:\n%s", growth)
		})
	}
	page := b.page(figures, growth)
	if b.long && len(figures) == len(benchRows) && !t.Failed() {
		before, err := os.ReadFile(benchPage)
		if err != nil {
			t.Fatal(err)
		}
		_, others, _ := strings.Cut(string(before), replayBegin) // make bench-replay writes that, and people what is below it
		page += "\n" + replayBegin + others
		if err := os.WriteFile(benchPage, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bench) page(figures map[string]string, growth string) string {
	var rows strings.Builder
	for _, r := range benchRows {
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", r.name, r.figure, r.goal, figures[r.name], benchLimits[r.name])
	}
	return fmt.Sprintf(benchPageText, benchMachine(), rows.String(), growth, b.cost())
}

// What Cloud Run takes, in dollars, in its cheaper regions. Half a GiB is the least
// memory that an instance with a core of its own usually has.
const (
	requestSecond = 0.000024 + 0.5*0.0000025 // billed by request: a core, and half a GiB
	requestFee    = 0.40                     // for a million requests
	alwaysSecond  = 0.000018 + 0.5*0.000002  // billed by instance
	month         = 30 * 24 * time.Hour
)

// cost is what a million events take, by kind.
func (b *bench) cost() string {
	var rows strings.Builder
	for _, kind := range []string{"irrelevant", "duplicate", "reverted"} {
		seconds := b.spent[kind].Seconds() * 1e6
		fmt.Fprintf(&rows, "| %s | %.0f s | $%.2f and $%.2f | $%.2f |\n", kind, seconds, seconds*requestSecond, requestFee, seconds*alwaysSecond)
	}
	fmt.Fprintf(&rows, "| an instance that is always there, for 30 days | - | - | $%.2f |\n", month.Seconds()*alwaysSecond)
	return rows.String()
}

// benchMachine says what it was measured on, and how busy that was.
func benchMachine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				model = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	load, _ := os.ReadFile("/proc/loadavg")
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	return fmt.Sprintf("%s on %d cores (%s), %s, commit %s, with a load of %s at the end",
		time.Now().UTC().Format("2 January 2006"), runtime.NumCPU(), model, runtime.Version(), strings.TrimSpace(string(commit)), strings.Join(strings.Fields(string(load))[:min(3, len(strings.Fields(string(load))))], ", "))
}

// benchLimits are what keeps each figure from being better.
var benchLimits = map[string]string{
	"irrelevant": "net/http, base64 and one pass over the entry",
	"duplicate":  "decoding the entry, and one read of the store",
	"setiam":     "two reads of 20 ms, one after the other, and one core",
	"deploys":    "three reads, the first of a project its folders as well; an operation that is not done is waited for",
	"reverts":    "reads and a write of 20 ms, several transactions of the file with an fsync each, and one core",
	"revertcpu":  "gRPC, and the record, which is written as JSON at each of its states",
	"burst":      "128 pushes at once; what is over that is answered 503 and comes again",
	"noisy":      "one core for all, and 128 pushes at once",
	"coldstart":  "300 packages that are initialised, and 40 MB of which 30 are touched",
	"idle":       "pages of the program that were touched; the heap is 5 MB",
	"size":       "CEL, gRPC, protobuf and Google's types, Firestore, Slack",
}

const benchPageText = `# What rescind takes

` + "`make bench`" + ` writes this page. It runs rescind as a process of its own on one core, with its store in a file, and
the simulated Google Cloud, each of whose answers takes 20 ms, and whoever pushes on the others. What it is compared with,
a program of net/http alone (` + "`cmd/rescind/testdata/smallserver`" + `), takes turns with it. The limits of
[configuration](config.md#what-google-takes) are at their highest. One row by itself:
` + "`make bench ROW=reverts`" + `. Measured %s.

| row | what | goal | measured | what limits it |
|---|---|---|---|---|
%s
## Beside much

The same twenty reverts, in a store with many findings that have ended, and in many projects: nothing costs more because
much has ended, or because there is much that is not touched. A million ended findings are
` + "`TestSoakAMillionEndedFindings`" + ` of ` + "`internal/store/bolt`" + `, which measures lists, sweeps and forgetting alone
([operations](operations.md#how-much-it-takes)).

| ended findings | projects | event again, CPU | event to revert, p50 | sweep | list of 200 |
|---|---|---|---|---|---|
%s
## On Cloud Run

What a million events take, by the CPU measured above, at its list prices outside the free tier
(https://cloud.google.com/run/pricing, cheaper regions, a core and half a GiB, looked up in November 2026). It is the
least: an instance that is billed by request is billed for as long as any request is open, in steps of 100 ms, and a
revert is open while Google is waited for.

| a million events that are | CPU | billed by request: time, and the fee for requests | billed by instance |
|---|---|---|---|
%s
## What the program is made of

Of the 40 MB, 17.7 are code, 15 the tables that stack traces and the garbage collector need, and 7 types and text; in code CEL with
its parser has 2.2 MB, Slack's client 0.7, Firestore's 0.6, protobuf 0.6, the client of Cloud Run 0.3, gRPC 0.5, TLS and
the rest of crypto 1.1, and rescind itself 2.5. The clients of Asset, Pub/Sub, Cloud Identity, IAM,
Organization Policy, Cloud Logging and Cloud Functions would be 3.8 MB more, and are left out for the one or two calls that
are made of each. What keeps it from being less: templates look methods up by name, for which the linker keeps every
method of every type.
`
