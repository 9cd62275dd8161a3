package replay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/internal/replay/synthetic"
)

// hostile writes JSON as somebody would who wants it passed over: in any order, with any
// white space, with any character of keys and values escaped, and with keys that are there
// twice, the last of which counts.
type hostile struct {
	rng   *rand.Rand
	b     strings.Builder
	often int // one character in so many is escaped
}

func (h *hostile) chance(in int) bool { return h.rng.IntN(in) == 0 }

func (h *hostile) space() {
	for h.chance(6) {
		h.b.WriteByte(" \t\r"[h.rng.IntN(3)])
	}
}

func (h *hostile) text(s string) {
	h.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r < 0x10000 && h.chance(h.often):
			fmt.Fprintf(&h.b, []string{`\u%04x`, `\u%04X`}[h.rng.IntN(2)], r)
		case r == '/' && h.chance(3):
			h.b.WriteString(`\/`)
		default:
			raw, _ := json.Marshal(string(r))
			h.b.Write(raw[1 : len(raw)-1])
		}
	}
	h.b.WriteByte('"')
}

func (h *hostile) value(v any) {
	h.space()
	switch v := v.(type) {
	case string:
		h.text(v)
	case map[string]any:
		h.object(v)
	case []any:
		h.b.WriteByte('[')
		for i, e := range v {
			if i > 0 {
				h.b.WriteByte(',')
			}
			h.value(e)
		}
		h.space()
		h.b.WriteByte(']')
	default:
		raw, _ := json.Marshal(v)
		h.b.Write(raw)
	}
	h.space()
}

func (h *hostile) object(v map[string]any) {
	var keys []string
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	h.rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	h.b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			h.b.WriteByte(',')
		}
		if h.chance(8) { // what stands there first counts for nothing
			h.pair(k, decoy(v[k]))
			h.b.WriteByte(',')
		}
		h.pair(k, v[k])
	}
	h.space()
	h.b.WriteByte('}')
}

func (h *hostile) pair(k string, v any) {
	h.space()
	h.text(k)
	h.space()
	h.b.WriteByte(':')
	h.value(v)
}

// decoy is another value of the same type.
func decoy(v any) any {
	if s, ok := v.(string); ok && s != "" {
		return "storage.googleapis.com"
	}
	return v
}

// hostileLog is the built-in fixtures and a synthetic log, written so.
func hostileLog(t testing.TB, seed uint64) string {
	t.Helper()
	var entries []string
	files, err := filepath.Glob("../auditlog/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, string(raw))
	}
	var made bytes.Buffer
	if _, _, err := (synthetic.Mix{Seed: seed, Projects: 5}).Write(&made, 3<<20); err != nil {
		t.Fatal(err)
	}
	entries = append(entries, strings.Split(strings.TrimSpace(made.String()), "\n")...)
	h := &hostile{rng: rand.New(rand.NewPCG(seed, 64))}
	h.rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	for _, e := range entries {
		var v map[string]any
		dec := json.NewDecoder(strings.NewReader(e))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		before := h.b.Len()
		h.often = []int{2, 8, 200, 5000, 1 << 30, 1 << 30}[h.rng.IntN(6)]
		h.object(v)
		// Within a record, line breaks would make it several lines.
		if strings.Contains(h.b.String()[before:], "\n") {
			t.Fatal("it has a line break")
		}
		h.b.WriteByte('\n')
	}
	return h.b.String()
}

func replayedAs(t testing.TB, cfg replay.Config, log string) (string, replay.Summary) {
	t.Helper()
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Policies = set
	r, err := replay.Run(t.Context(), cfg, replay.Inputs{Files: []replay.Input{replay.ReaderInput("log", strings.NewReader(log))}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := replay.WriteJSONL(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String(), r.Summary
}

// Nothing that matters is passed over, whatever it is written like: what is found is the
// same byte for byte as where every record is read, and so is what is counted.
func TestNothingThatMattersIsPassedOver(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		log := hostileLog(t, seed)
		want, all := replayedAs(t, replay.Config{Full: true}, log)
		if strings.Count(want, "\n") < 20 {
			t.Fatalf("seed %d: too little is found to compare:\n%s", seed, want)
		}
		for form, text := range map[string]string{"lines": log, "an array": "[" + strings.ReplaceAll(strings.TrimSpace(log), "\n", ",\n") + "]"} {
			got, s := replayedAs(t, replay.Config{Head: -1}, text)
			if got != want {
				t.Errorf("seed %d, %s: found (-full +passing over):\n%s", seed, form, cmp.Diff(want, got))
			}
			if s.Passed < 200 || s.Sampled == 0 || s.Missed != 0 || all.Passed != 0 {
				t.Errorf("seed %d, %s: %d passed over, %d sampled, %d missed; %d passed over with --full", seed, form, s.Passed, s.Sampled, s.Missed, all.Passed)
			}
			s.Passed, s.Sampled, s.Full = all.Passed, all.Sampled, all.Full
			s.Located, all.Located = nil, nil // an array has other lines
			if diff := cmp.Diff(all, s); diff != "" {
				t.Errorf("seed %d, %s: summary (-full +passing over):\n%s", seed, form, diff)
			}
		}
	}
}
