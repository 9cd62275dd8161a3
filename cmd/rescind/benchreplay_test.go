//go:build soak

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/rescind-dev/rescind/internal/replay/synthetic"
)

// replayBench measures rescind replay beside what else answers such a question, turn and
// turn about, on a log of a seed.
type replayBench struct {
	*testing.T
	program string
	dir     string
	rounds  int
	took    map[string][]cost
}

// cost is what one run of a program took.
type cost struct {
	wall, cpu time.Duration
	kB        int64 // resident, at the most
}

// TestSoakBenchReplay measures the section of docs/performance.md about replay: on a few
// MB, to see that each figure is had, or with RESCIND_BENCH=long, as make bench-replay
// sets it, on 1 GB, and writes it.
func TestSoakBenchReplay(t *testing.T) {
	b := &replayBench{T: t, dir: t.TempDir(), rounds: 1, took: map[string][]cost{}}
	size := int64(20e6)
	long := os.Getenv("RESCIND_BENCH") == "long"
	if long {
		size, b.rounds = 1e9, 5
	}
	b.program = buildBinary(t, ".")
	typed := buildBinary(t, "./testdata/smallreplay")
	b.write("log.jsonl", synthetic.Mix{Seed: 1}, size)
	b.derive("log.jsonl")
	for name, m := range map[string]synthetic.Mix{
		"some.jsonl": {Seed: 2, Only: "violations"}, "many.jsonl": {Seed: 2, Only: "violations"},
		"few-projects.jsonl": {Seed: 3, Only: "deploys", Projects: 200}, "projects.jsonl": {Seed: 3, Only: "deploys", Projects: 20000},
	} {
		n := size / 10
		if name == "some.jsonl" {
			n /= 2
		}
		b.write(name, m, n)
	}
	question := filepath.Join(b.dir, "question.jq")
	write(t, question, jqQuestion)
	replay := func(cores string, args ...string) []string {
		return slices.Concat([]string{"env", "GOMAXPROCS=" + cores, b.program, "replay", "--format", "jsonl", "--out", os.DevNull}, args)
	}
	for range b.rounds {
		b.run("one", replay("1", "log.jsonl"))
		b.run("two", replay("2", "log.jsonl"))
		b.run("jq", []string{"jq", "-r", "-f", question, "log.jsonl"})
		b.run("full", replay("1", "--full", "log.jsonl"))
		b.run("typed", []string{"env", "GOMAXPROCS=1", typed, "log.jsonl"})
		b.shell("grep", `grep -F -e run.googleapis.com -e SetIamPolicy log.jsonl | jq -r -f `+question)
		b.shell("rg", `rg -F -e run.googleapis.com -e SetIamPolicy log.jsonl | jq -r -f `+question)
		b.shell("rgcount", `rg --no-mmap -j1 -c -F -e SetIamPolicy -e google.cloud.run.v log.jsonl`)
		b.run("array", replay("2", "log.json"))
		b.run("gz", replay("2", "log.jsonl.gz"))
		b.run("gunzip", []string{"gzip", "-dc", "log.jsonl.gz"})
		b.run("zst", replay("2", "log.jsonl.zst"))
		b.run("unzstd", []string{"zstd", "-dc", "log.jsonl.zst"})
		b.run("cat", []string{"cat", "log.jsonl"})
		b.run("some", replay("1", "some.jsonl"))
		b.run("many", replay("1", "many.jsonl"))
		b.run("manyjq", []string{"jq", "-r", "-f", question, "many.jsonl"})
		b.run("few", replay("1", "few-projects.jsonl"))
		b.run("projects", replay("1", "projects.jsonl"))
	}
	b.run("jqarray", []string{"jq", "-c", ".[]", "log.json"})
	section := b.section(size)
	t.Log(section)
	if long && !t.Failed() {
		keepReplaySection(t, section)
	}
}

// write writes a synthetic log.
func (b *replayBench) write(name string, m synthetic.Mix, size int64) {
	b.Helper()
	f, err := os.Create(filepath.Join(b.dir, name))
	if err == nil {
		_, _, err = m.Write(f, size)
	}
	if err = cmp.Or(err, f.Close()); err != nil {
		b.Fatal(err)
	}
}

// derive writes the log in its other forms: compressed, and as gcloud writes an array.
func (b *replayBench) derive(name string) {
	b.Helper()
	raw, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.Fatal(err)
	}
	for suffix, pack := range map[string]func(io.Writer) (io.WriteCloser, error){
		".gz":  func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, 6) },
		".zst": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	} {
		f, err := os.Create(filepath.Join(b.dir, name+suffix))
		if err != nil {
			b.Fatal(err)
		}
		w, err := pack(f)
		if err == nil {
			_, err = w.Write(raw)
		}
		if err = cmp.Or(err, w.Close(), f.Close()); err != nil {
			b.Fatal(err)
		}
	}
	array, err := os.Create(filepath.Join(b.dir, "log.json"))
	if err != nil {
		b.Fatal(err)
	}
	between := "[\n  "
	for line := range bytes.Lines(raw) {
		var out bytes.Buffer
		out.WriteString(between)
		if err := json.Indent(&out, bytes.TrimSpace(line), "  ", "  "); err != nil {
			b.Fatal(err)
		}
		if _, err := array.Write(out.Bytes()); err != nil {
			b.Fatal(err)
		}
		between = ",\n  "
	}
	_, err = array.WriteString("\n]\n")
	if err = cmp.Or(err, array.Close()); err != nil {
		b.Fatal(err)
	}
}

func (b *replayBench) shell(name, script string) {
	b.Helper()
	if _, err := exec.LookPath(strings.Fields(script)[0]); err == nil {
		b.run(name, []string{"sh", "-c", script})
	}
}

// run runs a program, and notes what it took. One that is not there is left out.
func (b *replayBench) run(name string, args []string) {
	b.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		return
	}
	c := exec.CommandContext(b.Context(), args[0], args[1:]...)
	c.Dir = b.dir
	var errs bytes.Buffer
	c.Stderr = &errs
	began := time.Now()
	if err := c.Start(); err != nil {
		b.Fatalf("%v: %v", args, err)
	}
	ended, resident := make(chan struct{}), make(chan int64, 1)
	go func() { resident <- mostResident(c.Process.Pid, ended) }()
	err := c.Wait()
	close(ended)
	if err != nil {
		b.Fatalf("%v: %v\n%s", args, err, &errs)
	}
	of := cost{wall: time.Since(began), cpu: c.ProcessState.UserTime() + c.ProcessState.SystemTime(), kB: <-resident}
	b.took[name] = append(b.took[name], of)
}

// mostResident is the most that the process has had in memory, in kB, as it was seen until
// it ended. What the kernel says then counts what the test itself has, of which the
// process is a copy before it is a program.
func mostResident(pid int, ended <-chan struct{}) (kB int64) {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ended:
			return kB
		case <-look.C:
		}
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		var now int64
		if n, _ := fmt.Sscan(rest, &now); n == 1 {
			kB = now
		}
	}
}

// median is that of what the program took, by f.
func (b *replayBench) median(name string, f func(cost) float64) float64 {
	var all []float64
	for _, c := range b.took[name] {
		all = append(all, f(c))
	}
	slices.Sort(all)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}

func (b *replayBench) cpu(name string) float64 {
	return b.median(name, func(c cost) float64 { return c.cpu.Seconds() })
}

func (b *replayBench) wall(name string) float64 {
	return b.median(name, func(c cost) float64 { return c.wall.Seconds() })
}

func (b *replayBench) mB(name string) float64 {
	return b.median(name, func(c cost) float64 { return float64(c.kB) * 1024 / 1e6 })
}

// times is how many times as long the one takes as the other, pair by pair; empty where
// one of them was not run.
func (b *replayBench) times(of, than string, f func(cost) float64) string {
	var all []float64
	for i := range min(len(b.took[of]), len(b.took[than])) {
		all = append(all, f(b.took[of][i])/f(b.took[than][i]))
	}
	slices.Sort(all)
	if len(all) == 0 {
		return "not there"
	}
	return fmt.Sprintf("%.1fx", all[len(all)/2])
}
