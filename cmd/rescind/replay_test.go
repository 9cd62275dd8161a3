package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateReplay = flag.Bool("update-replay", false, "rewrite the golden files of replay")

// runCommand runs rescind as its main does.
func runCommand(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, environment{
		lookup: func(string) (string, bool) { return "", false },
		stdin:  strings.NewReader(stdin),
		stdout: &out,
		stderr: &errs,
	})
	return code, out.String(), errs.String()
}

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

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *updateReplay {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
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

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReplayExitStatus(t *testing.T) {
	entries, err := filepath.Abs("testdata/replay/v1/entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(entries)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	zipped := zip(t, string(text))
	for name, content := range map[string]string{
		"empty.jsonl": "", "cut.json.gz": zipped[:len(zipped)/2], "utf16.json": "\xff\xfe{\x00}\x00",
		"old.json.zst": "\x28\xb5\x2f\xfd0000", "binary.json": "{\x00\x01", "nul.json": `{"a": "` + "\x00\"}\n", "twice.gz": zip(t, zipped),
		"cut.jsonl": string(text[:len(text)-200]), "cut.json": "[" + string(text[:1000]),
		"bad.yaml": "constraint: {}\n", "policy.yaml": "policies: [{nam: x}]\n", "notes.txt": "-",
	} {
		write(t, name, content)
	}
	if err := os.Mkdir("none", 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string // on standard error
	}{
		{"findings are no failure", []string{entries}, 0, "findings"},
		{"an empty file holds no records", []string{"empty.jsonl"}, 0, "1 input, 0 records"},
		{"a last record that is cut off is counted", []string{"cut.jsonl"}, 0, "cut.jsonl:10: not JSON"},
		{"an array that is cut off fails after what it held", []string{"cut.json"}, 1, "the array is not closed: the file is cut off"},
		{"a missing file fails, the others are read", []string{"gone.json", entries}, 1, "gone.json: no such file or directory"},
		{"gzip that is cut off fails after what it held", []string{"cut.json.gz"}, 1, "cut.json.gz: line "},
		{"UTF-16 is refused", []string{"utf16.json"}, 1, "utf16.json: UTF-16 text: convert it first"},
		{"Zstandard is refused", []string{"old.json.zst"}, 1, "old.json.zst: compressed with Zstandard"},
		{"binary data is refused", []string{"binary.json"}, 1, "binary.json: binary data"},
		{"gzip within gzip is refused", []string{"twice.gz"}, 1, "twice.gz: gzip within gzip"},
		{"a stray NUL is one record's problem", []string{"nul.json"}, 0, "nul.json:1: not JSON at byte 8"},
		{"results never replace what is read", []string{"--out", entries, entries}, 1, entries + " is what is read: the results would replace it"},
		{"a directory is no place to write to", []string{"--out", "none", entries}, 1, "write results: none is a directory"},
		{"a pattern that matches nothing fails", []string{"*.nothing"}, 1, "*.nothing: no file matches this pattern"},
		{"a directory without logs fails", []string{"none"}, 1, "none: holds no file named like a log"},
		{"a directory lists what it skips", []string{"."}, 1, "skipped: bad.yaml, notes.txt, policy.yaml"},
		{"a facts file with an unknown key fails", []string{"--facts", "bad.yaml", entries}, 1, `bad.yaml:1:1: the file has an unknown key "constraint"`},
		{"a missing facts file fails", []string{"--facts", "gone.yaml", entries}, 1, "read facts: open gone.yaml"},
		{"a policy file with an unknown key fails", []string{"--policies", "policy.yaml", entries}, 1, "policy.yaml:1:"},
		{"no input is wrong usage", nil, 2, "no input: want a file, directory, glob or -"},
		{"a bucket is wrong usage", []string{"gs://logs/x"}, 2, "not supported: gs://logs/x; want a file, directory, glob or -"},
		{"an unknown format is wrong usage", []string{"--format", "csv", entries}, 2, `--format is "csv", want table or jsonl`},
		{"an unknown flag is wrong usage", []string{"--compare", "x", entries}, 2, "flag provided but not defined: -compare"},
		{"a time without a zone is wrong usage", []string{"--since", "2026-11-20", entries}, 2, `invalid value "2026-11-20" for flag -since`},
		{"an empty span of time is wrong usage",
			[]string{"--since", "2026-11-20T00:00:00Z", "--until", "2026-11-20T00:00:00Z", entries}, 2, "--since is not before --until"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := runCommand(t, "", append([]string{"replay", "--format", "jsonl"}, tt.args...)...)
			if code != tt.code || !strings.Contains(errs, tt.want) {
				t.Errorf("exit status %d, want %d; standard error:\n%s\nwant in it: %s", code, tt.code, errs, tt.want)
			}
			if code == exitUsage && out != "" {
				t.Errorf("results in spite of wrong usage:\n%s", out)
			}
		})
	}
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

func TestOutIsWrittenWholeOrNotAtAll(t *testing.T) {
	entries := "testdata/replay/v1/entries.jsonl"
	_, want, _ := runCommand(t, "", "replay", "--format", "jsonl", entries)
	dir := t.TempDir()
	path := filepath.Join(dir, "findings.jsonl")
	write(t, path, "what was there before, and is longer than nothing")

	code, out, _ := runCommand(t, "", "replay", "--format", "jsonl", "--out", path, "--facts", "gone.yaml", entries)
	if code != exitFailed || out != "" {
		t.Errorf("exit status %d, output %q, want 1 and none", code, out)
	}
	if got, _ := os.ReadFile(path); !strings.HasPrefix(string(got), "what was there before") {
		t.Errorf("a failed replay left %q", got)
	}
	code, out, _ = runCommand(t, "", "replay", "--format", "jsonl", "--out", path, entries)
	if got, _ := os.ReadFile(path); code != exitOK || out != "" || string(got) != want {
		t.Errorf("exit status %d, on standard output %q, in the file (-want +got):\n%s", code, out, cmp.Diff(want, string(got)))
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	code, _, errs := runCommand(t, "", "replay", "--out", filepath.Join(dir, "none", "x"), entries)
	if code != exitFailed || !strings.Contains(errs, "no such file or directory") {
		t.Errorf("exit status %d, standard error:\n%s", code, errs)
	}
}

func TestTheSummaryIsAlsoALogRecord(t *testing.T) {
	_, _, errs := runCommand(t, "", "replay", "--log-format", "json", "testdata/replay/v1/entries.jsonl")
	var record struct {
		Msg     string
		Summary struct{ Records, Failed int }
	}
	if err := json.Unmarshal([]byte(errs), &record); err != nil {
		t.Fatalf("%v in:\n%s", err, errs)
	}
	if record.Msg != "replayed" || record.Summary.Records != 10 || record.Summary.Failed != 1 {
		t.Errorf("log record %+v", record)
	}
}
