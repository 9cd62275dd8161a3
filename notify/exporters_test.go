package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/rescind-dev/rescind/notify"
)

// taker is an exporter that keeps what it is given, and may fail all the same.
type taker struct {
	got  []string
	fail error
}

func (x *taker) Export(_ context.Context, f finding.Finding, after int) error {
	for _, l := range f.Lines(after) {
		x.got = append(x.got, l.Kind)
	}
	return x.fail
}

func (x *taker) ExportRecords(_ context.Context, es []trail.Record) error {
	for _, e := range es {
		x.got = append(x.got, string(e.Kind))
	}
	return x.fail
}

// fallback is one that takes also what people could not be told.
type fallback struct{ taker }

func (x *fallback) Undelivered(_ context.Context, f finding.Finding) error {
	x.got = append(x.got, "undelivered "+f.ID)
	return x.fail
}

func TestEveryExporterIsGivenAllThoughOthersFail(t *testing.T) {
	gone, full := errors.New("the topic is gone"), errors.New("the disk is full")
	broken, well, last := &taker{fail: gone}, &taker{}, &fallback{taker{fail: full}}
	x := notify.Exporters{broken, well, last}
	entries := []trail.Record{{Kind: trail.Refused}, {Kind: trail.Voted}}
	for name, err := range map[string]error{"a finding": x.Export(t.Context(), decided(), 2), "entries": x.ExportRecords(t.Context(), entries)} {
		if !errors.Is(err, gone) || !errors.Is(err, full) {
			t.Errorf("%s: %v, want both failures", name, err)
		}
	}
	for name, got := range map[string][]string{"the first": broken.got, "the second": well.got, "the last": last.got} {
		slices.Sort(got) // a finding and entries come in any order
		if !slices.Equal(got, []string{"approved", string(trail.Voted), "refused", "reverted"}) {
			t.Errorf("%s was given %q", name, got)
		}
	}
	if err := x.Undelivered(t.Context(), decided()); !errors.Is(err, full) || errors.Is(err, gone) || last.got[len(last.got)-1] != "undelivered f1" {
		t.Errorf("undelivered: %v, the last was given %q", err, last.got)
	}
}

// Whoever reads the log finds a line under the keys of its JSON form, and every
// key at most once.
func TestALineOfTheTrailIsLoggedUnderTheKeysOfItsJSON(t *testing.T) {
	f := marked()
	entry := trail.Record{Day: "2026-11-20", Count: 7}
	fill(&entry, func(path string, _ bool) (string, bool) { return path, true })
	var out bytes.Buffer
	log := notify.LogTo(slog.New(slog.NewJSONHandler(&out, nil)))
	if err := errors.Join(log.Export(t.Context(), f, 0), log.ExportRecords(t.Context(), []trail.Record{entry})); err != nil {
		t.Fatal(err)
	}
	lines := append(f.Lines(0), entry.Line())
	for i, logged := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		var record, line map[string]any
		b, err := json.Marshal(lines[i])
		if err := errors.Join(err, json.Unmarshal([]byte(logged), &record), json.Unmarshal(b, &line)); err != nil {
			t.Fatal(err)
		}
		for key, want := range line {
			if key == "at" { // the record's own time
				continue
			}
			if got := record[key]; got != want {
				t.Errorf("line %d: %s is %v, want %v", i+1, key, got, want)
			}
			if strings.Count(logged, `"`+key+`":`) != 1 {
				t.Errorf("line %d has %s more than once: %s", i+1, key, logged)
			}
		}
	}
}

func TestALogThatTakesNoSuchLinesIsAskedForNone(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := notify.LogTo(log).Export(t.Context(), decided(), 0); err != nil || out.Len() != 0 {
		t.Errorf("%v, logged %s", err, &out)
	}
}
