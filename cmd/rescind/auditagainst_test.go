package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// copyOf is what a process with that log wrote of all that the store has.
func (b *bureau) copyOf(newHandler func(*bytes.Buffer) slog.Handler) string {
	b.t.Helper()
	var out bytes.Buffer
	log := slog.New(newHandler(&out))
	log.Info("sweep", "findings", 3)
	b.with(func(s *bolt.Store) {
		to := notify.LogTo(log)
		fs, err := s.Findings(b.t.Context(), finding.Query{})
		if err != nil {
			b.t.Fatal(err)
		}
		for _, f := range fs {
			if err := to.Export(b.t.Context(), f, 0); err != nil {
				b.t.Fatal(err)
			}
		}
		l := trail.NewLedger(s, time.Now, log)
		for r, err := range l.Records(b.t.Context(), time.Time{}, time.Now()) {
			if err != nil {
				b.t.Fatal(err)
			}
			if err := to.ExportRecords(b.t.Context(), []trail.Record{r}); err != nil {
				b.t.Fatal(err)
			}
		}
		roots, err := trail.NewRoots(s, l, time.Now).Range(b.t.Context(), time.Time{}, time.Now())
		if err != nil {
			b.t.Fatal(err)
		}
		if err := to.ExportRoots(b.t.Context(), roots); err != nil {
			b.t.Fatal(err)
		}
	})
	log.Error("not a line of the trail", "error", `broken "quotes`)
	return out.String() + "panic: and no line of a log at all\n"
}

// logEntries are the lines as gcloud prints them, newest first.
func logEntries(t *testing.T, lines string, of func(line string) map[string]any) string {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(lines) {
		e := of(strings.TrimSpace(line))
		e["insertId"], e["timestamp"] = fmt.Sprint(len(out)), "2026-11-20T03:00:00.123456789Z"
		out = append([]map[string]any{e}, out...)
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func textHandler(w *bytes.Buffer) slog.Handler { return slog.NewTextHandler(w, nil) }
func jsonHandler(w *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(w, nil) }

// copies are the forms in which the copy may come.
func (b *bureau) copies() map[string]string {
	text, lines := b.copyOf(textHandler), b.copyOf(jsonHandler)
	return map[string]string{
		"text": text, "JSON": lines,
		"entries of text": logEntries(b.t, text, func(l string) map[string]any { return map[string]any{"textPayload": l} }),
		"entries of JSON": logEntries(b.t, lines, func(l string) map[string]any {
			var v map[string]any
			if json.Unmarshal([]byte(l), &v) != nil {
				return map[string]any{"textPayload": l}
			}
			delete(v, "time")
			return map[string]any{"jsonPayload": v}
		}),
	}
}

// TestI8TheCopyShowsWhatWasComputedAnew is an attacker who knows all that rescind does.
func TestI8TheCopyShowsWhatWasComputedAnew(t *testing.T) {
	b, day := swept(t)
	copies := b.copies()
	file := filepath.Join(t.TempDir(), "copy")
	against := func(name, text string) (int, string, string) {
		write(t, file, text)
		return b.run("audit verify", "--against", file)
	}
	for name, text := range copies {
		if code, out, errs := against(name, text); code != exitOK || !strings.Contains(out, " lines of the copy were compared\n") {
			t.Errorf("%s, whole: exit %d, %s%s", name, code, out, errs)
		}
	}
	b.rebuild(exemptedID, func(f *finding.Finding) {
		f.Answers[1].Principal = "user:eve@example.com"
		f.Timeline[2].Who = "user:eve@example.com"
	})
	if code, out, errs := b.run("audit verify"); code != exitOK {
		t.Fatalf("what was computed anew shows without the copy, and the test shows nothing: %s%s", out, errs)
	}
	for name, text := range copies {
		code, out, errs := against(name, text)
		if want := "event 3 of finding " + exemptedID + ` differs from the copy: its who is "user:eve@example.com"`; code != exitFailed || !strings.Contains(errs, want) || out == "" {
			t.Errorf("%s: exit %d, %s, want %s", name, code, errs, want)
		}
	}
	if code, _, errs := b.run("audit verify", "--against", file, "--finding", askedID); code != exitOK {
		t.Errorf("of the finding that was left alone: %s", errs)
	}

	b, day = swept(t)
	text := b.copyOf(textHandler)
	b.raw(func(r raw) {
		r.change("cells", cellKey("ledger/"+day+"/3"), gone)
		r.cell("ledger/"+day+"/head", func(v map[string]any) { v["n"] = 2 })
		r.deleteFinding(askedID)
		r.withoutRoots()
	})
	_, _, errs := against("text", text)
	if want := "event 1 of finding " + askedID + " is in the copy, and not in the store"; !strings.Contains(errs, want) {
		t.Errorf("deleted: %s, want %s", errs, want)
	}
}

func TestI8WhatTheStoreHasBetweenTwoLinesOfTheCopyIsNamed(t *testing.T) {
	b, _ := swept(t)
	var left []string
	for line := range strings.Lines(b.copyOf(textHandler)) {
		if !strings.Contains(line, "chain=finding/"+exemptedID+" n=2 ") {
			left = append(left, line)
		}
	}
	file := filepath.Join(t.TempDir(), "copy")
	write(t, file, strings.Join(left, ""))
	code, _, errs := b.run("audit verify", "--against", file)
	if code != exitFailed || !strings.Contains(errs, "event 2 of finding "+exemptedID+" is in the store, and not in the copy") {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestACopyWithoutALineOfTheTrailIsRefused(t *testing.T) {
	b := newBureau(t, "")
	file := filepath.Join(t.TempDir(), "copy")
	for text, says := range map[string]string{
		"": "has no line of the trail", "[]": "has no line of the trail", "time=x msg=sweep\n": "has no line of the trail",
		"time=2026-11-20T03:00:00Z level=INFO msg=audit chain=finding/f n=x\n": "line or entry 1 of the copy: its number",
		`{"msg":"audit","n":1}`: "does not say which line",
	} {
		write(t, file, text)
		b.fails(exitFailed, says, "audit verify", "--against", file)
	}
	b.fails(exitFailed, "has no line", "audit verify", "--against", "-")
}

// rebuild changes a finding and its last event, computes the hash anew, and takes the
// roots away.
func (b *bureau) rebuild(id string, change func(*finding.Finding)) {
	b.t.Helper()
	b.raw(func(r raw) {
		bucket := r.tx.Bucket([]byte("findings"))
		f, err := record.ReadFinding(bucket.Get([]byte(id)))
		if err != nil {
			b.t.Fatal(err)
		}
		change(&f)
		last := len(f.Timeline) - 1
		f.Timeline = f.Timeline[:last].WithNews(id, f.Timeline[last])
		stored, _, err := record.Finding(f)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := bucket.Put([]byte(id), stored); err != nil {
			b.t.Fatal(err)
		}
		r.withoutRoots()
	})
}

// withoutRoots has the store as it is before the first sweep.
func (r raw) withoutRoots() {
	for _, name := range []string{"trail/roots", "trail/root/1", "trail/root/2"} {
		if err := r.tx.Bucket([]byte("cells")).Delete(cellKey(name)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// raw opens the store's file beside rescind.
func (b *bureau) raw(do func(raw)) {
	b.t.Helper()
	db, err := bbolt.Open(b.db, 0o600, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { do(raw{b.t, tx}); return nil }); err != nil {
		b.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.t.Fatal(err)
	}
}
