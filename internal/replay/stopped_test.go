package replay_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

// stopping stops the reading after its text, and then goes on with more.
type stopping struct {
	text *strings.Reader
	stop context.CancelFunc
	more *strings.Reader
}

func (s *stopping) Read(p []byte) (int, error) {
	if n, err := s.text.Read(p); !errors.Is(err, io.EOF) {
		return n, err
	}
	s.stop()
	return s.more.Read(p)
}

// Whoever stops a replay sees what was read until then judged, and how to go on.
func TestWhatWasReadIsJudgedWhereTheReadingIsStopped(t *testing.T) {
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	noise := strings.Repeat(`{"logName":"projects/p/logs/x","serviceName":"none","timestamp":"2026-11-20T12:00:00Z"}`+"\n", 20000)
	in := &stopping{strings.NewReader(lines(t, published("a", 1, "api")) + noise), stop, strings.NewReader(noise + lines(t, published("b", 2, "web")))}
	var told []replay.Progress
	cfg := replay.Config{Policies: set, Facts: facts(t, enforcedFacts), Progress: func(p replay.Progress) { told = append(told, p) }}
	r, err := replay.Run(ctx, cfg, replay.Inputs{Files: []replay.Input{replay.ReaderInput("a.jsonl", in)}})
	if !errors.Is(err, context.Canceled) || len(r.Findings) != 1 || r.Findings[0].InsertID != "a" {
		t.Fatalf("%v, found %v", err, insertIDs(r))
	}
	_, _, summary := written(t, r)
	for _, want := range []string{"STOPPED, so that this is about a part: read a.jsonl, up to record", "to go on, run it again with --since 2026-11-20T12:00:00Z"} {
		if !strings.Contains(summary, want) {
			t.Errorf("summary:\n%s\nwant in it: %s", summary, want)
		}
	}
	if len(told) < 3 || told[0].Read != 0 || told[0].Input != "a.jsonl" || !told[len(told)-1].Judging || told[1].Read == 0 || told[1].Records == 0 {
		t.Errorf("told %+v", told)
	}
}

func insertIDs(r replay.Report) (out []string) {
	for _, f := range r.Findings {
		out = append(out, f.InsertID)
	}
	return out
}

// Whoever types, or pipes what waits, can stop it all the same.
func TestAReadingOfWhatDoesNotComeCanBeStopped(t *testing.T) {
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	from, to := io.Pipe()
	defer to.Close()
	go func() {
		_, _ = io.WriteString(to, lines(t, published("a", 1, "api")))
		stop()
	}()
	in := replay.FindInputs([]string{"-"}, from)
	r, err := replay.Run(ctx, replay.Config{Policies: set, Facts: facts(t, enforcedFacts)}, in)
	if !errors.Is(err, context.Canceled) || r.Summary.Inputs != 1 {
		t.Errorf("%v, %d inputs", err, r.Summary.Inputs)
	}
}
