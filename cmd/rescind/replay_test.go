package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

var updateReplay = flag.Bool("update-replay", false, "rewrite the golden files of replay")

// TestReplayOfEachCase replays each directory of testdata/replay in both forms.
// What a case is about stands in its README.
func TestReplayOfEachCase(t *testing.T) {
	cases, err := filepath.Glob("testdata/replay/*")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, dir := range cases {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Chdir(dir)
			args := replayCase(t)
			code, objects, summary := runCommand(t, "", append(args, "--format", "jsonl")...)
			if code != exitOK {
				t.Errorf("exit status %d, want 0", code)
			}
			golden(t, "want.findings", objects)
			golden(t, "want.summary", summary)
			_, table, again := runCommand(t, "", args...)
			golden(t, "want.table", table)
			if again != summary {
				t.Errorf("the summary depends on the format:\n%s", cmp.Diff(summary, again))
			}
		})
	}
}

func replayCase(t *testing.T) []string {
	t.Helper()
	args := []string{"replay"}
	for flag, file := range map[string]string{"--facts": "facts.yaml", "--policies": "policies.yaml"} {
		if _, err := os.Stat(file); err == nil {
			args = append(args, flag, file)
		}
	}
	return append(args, "*.jsonl")
}

func TestEveryFormOfInputGivesTheSameFindings(t *testing.T) {
	lines, err := os.ReadFile("testdata/replay/v2/entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text := string(lines)
	array := "[" + strings.ReplaceAll(strings.TrimSpace(text), "\n", ",") + "]"
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(array), "", "  "); err != nil {
		t.Fatal(err)
	}
	values := indented.String()
	values = strings.ReplaceAll(values[1:len(values)-1], "\n  },", "\n  }")

	_, want, _ := runCommand(t, text, "replay", "--format", "jsonl", "-")
	if strings.Count(want, "\n") < 4 {
		t.Fatalf("too few findings to compare:\n%s", want)
	}
	forms := map[string]string{
		"JSON Lines with CRLF":               strings.ReplaceAll(text, "\n", "\r\n"),
		"JSON Lines without a last newline":  strings.TrimSuffix(text, "\n"),
		"JSON Lines after a byte order mark": "\ufeff" + text,
		"an array on one line":               array,
		"an array as gcloud writes it":       indented.String(),
		"two arrays, one after the other":    array + "\n" + array,
		"indented values without an array":   values,
		"gzip":                               zip(t, text),
		"gzip within gzip":                   zip(t, zip(t, text)),
		"Zstandard":                          zstandard(t, text),
		"gzip in two members":                zip(t, text[:1000]) + zip(t, text[1000:]),
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "entries.json")
			write(t, path, form)
			for _, operand := range []string{path, "-", filepath.Dir(path), filepath.Dir(path) + "/entr*"} {
				code, got, summary := runCommand(t, form, "replay", "--format", "jsonl", operand)
				if code != exitOK || got != want {
					t.Errorf("%s: exit status %d, findings (-want +got):\n%s\n%s", operand, code, cmp.Diff(want, got), summary)
				}
			}
		})
	}
}

func zstandard(t *testing.T, text string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

func TestAnInputThatCannotBeReadStopsNoOther(t *testing.T) {
	entries := "testdata/replay/v1/entries.jsonl"
	_, want, _ := runCommand(t, "", "replay", "--format", "jsonl", entries)
	code, got, _ := runCommand(t, "", "replay", "--format", "jsonl", "gone.json", entries)
	if code != exitFailed || got != want || want == "" {
		t.Errorf("exit status %d, findings (-want +got):\n%s", code, cmp.Diff(want, got))
	}
}

// TestTheOrderOfTheEntriesChangesNothing reads each case backwards, and each of
// its entries from a file of its own.
func TestTheOrderOfTheEntriesChangesNothing(t *testing.T) {
	for _, dir := range []string{"v1", "v2", "editor", "constraint"} {
		t.Run(dir, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "replay", dir))
			text, err := os.ReadFile("entries.jsonl")
			if err != nil {
				t.Fatal(err)
			}
			_, want, _ := runCommand(t, "", append(replayCase(t), "--format", "jsonl")...)
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			slices.Reverse(lines)
			apart := t.TempDir()
			for i, l := range lines {
				write(t, filepath.Join(apart, fmt.Sprintf("%02d.json", i)), l)
			}
			args := replayCase(t)
			args[len(args)-1] = apart
			if _, got, _ := runCommand(t, "", append(args, "--format", "jsonl")...); got != want {
				t.Errorf("findings (-want +got):\n%s", cmp.Diff(want, got))
			}
		})
	}
}

func TestOnlyChangesWithinTheTimeAreJudgedButFactsAreLearnedFromAll(t *testing.T) {
	code, got, summary := runCommand(t, "", "replay", "--format", "jsonl",
		"--since", "2026-11-20T09:00:00Z", "--until", "2026-11-20T09:30:00Z", "testdata/replay/editor/entries.jsonl")
	if code != exitOK || strings.Count(got, "\n") != 1 || !strings.Contains(got, `"insert_id":"e1"`) {
		t.Errorf("exit status %d, findings:\n%s\nwant e1 alone, which the deploy at 09:30 makes a violation", code, got)
	}
	if want := "11 changes outside of the time asked for"; !strings.Contains(summary, want) {
		t.Errorf("summary:\n%s\nwant in it: %s", summary, want)
	}
}
