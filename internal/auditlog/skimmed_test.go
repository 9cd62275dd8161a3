package auditlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// sameAsWhole compares Decode with the decoder that reads the whole entry.
func sameAsWhole(t *testing.T, entry []byte) {
	t.Helper()
	got, gotErr := Decode(entry)
	want, wantErr := decode(entry)
	if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
		t.Errorf("%.300s\nDecode:  %+v, %v\nin full: %+v, %v", entry, got, gotErr, want, wantErr)
	}
}

func FuzzSkimmed(f *testing.F) {
	for _, entry := range fixtures(f) {
		f.Add(entry)
		f.Add(bytes.ReplaceAll(entry, []byte("run.googleapis.com"), []byte("compute.googleapis.com")))
		f.Add(bytes.ReplaceAll(entry, []byte("activity"), []byte("data_access")))
	}
	for _, entry := range []string{
		`{"logName":"projects/p/logs/x","protoPayload":7}`, `{"logName":"projects/p/logs/x","LogName":"projects/p/logs/cloudaudit.googleapis.com/activity"}`,
		`{"logName":"projects/p/logs/x","logName":"y"}`, `{"logName":"","protoPayload":{"serviceName":"x"}}`, `{"logName":"projects/p/logs/x"`,
	} {
		f.Add([]byte(entry))
	}
	f.Fuzz(sameAsWhole)
}

// Of what stands for nearly all entries of a log no more is read than its log and its
// service.
func TestAnEntryOfAnotherLogOrServiceIsNotReadInFull(t *testing.T) {
	t.Parallel()
	entry := fixtures(t)[setPolicy]
	for name, foreign := range map[string][]byte{
		"another log":     bytes.ReplaceAll(entry, []byte("activity"), []byte("data_access")),
		"another service": bytes.ReplaceAll(entry, []byte(`"run.googleapis.com"`), []byte(`"compute.googleapis.com"`)),
	} {
		if err := skimmed(foreign); !errors.Is(err, ErrNotChange) {
			t.Errorf("%s: %v, want that it is no change", name, err)
		}
		sameAsWhole(t, foreign)
	}
	if err := skimmed(entry); err != nil {
		t.Errorf("a change: %v", err)
	}
}

func TestTheCorpusReadsTheSameSkimmed(t *testing.T) {
	if _, err := os.Stat(corpus); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the corpus of public entries is not here: " + corpus)
	}
	files, err := filepath.Glob(corpus + "/*/*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	entries, skipped := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			sameAsWhole(t, line)
			if entries++; skimmed(line) != nil {
				skipped++
			}
		}
	}
	t.Logf("%d entries, %d of them not read in full", entries, skipped)
	if skipped == 0 || skipped == entries {
		t.Errorf("%d of %d entries are not read in full", skipped, entries)
	}
}

// BenchmarkForeign sets an entry of another service beside the same, read in full.
func BenchmarkForeign(b *testing.B) {
	var compact bytes.Buffer
	if err := json.Compact(&compact, fixtures(b)[setPolicy]); err != nil {
		b.Fatal(err)
	}
	entry := bytes.ReplaceAll(compact.Bytes(), []byte(`"run.googleapis.com"`), []byte(`"compute.googleapis.com"`))
	for name, do := range map[string]func([]byte) error{
		"skimmed": func(e []byte) error { _, err := Decode(e); return err },
		"in full": func(e []byte) error { _, err := decode(e); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(entry)))
			b.ReportAllocs()
			for b.Loop() {
				if err := do(entry); !errors.Is(err, ErrNotChange) {
					b.Fatal(err)
				}
			}
		})
	}
}
