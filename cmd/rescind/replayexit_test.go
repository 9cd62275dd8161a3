package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		"warn.yaml": "constraints: {run.managed.requireInvokerIAM: {enforced: []}}\n", "bad.yaml": "constraint: {}\n", "policy.yaml": "policies: [{nam: x}]\n", "notes.txt": "-",
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
		{"of an empty file nothing could be read", []string{"empty.jsonl"}, 1, "nothing could be read: 1 input, 0 records"},
		{"a last record that is cut off is counted", []string{"cut.jsonl"}, 0, "cut.jsonl:10: not JSON"},
		{"an array that is cut off fails after what it held", []string{"cut.json"}, 1, "the array is not closed: the file is cut off"},
		{"a missing file fails, the others are read", []string{"gone.json", entries}, 1, "gone.json: no such file or directory"},
		{"gzip that is cut off fails after what it held", []string{"cut.json.gz"}, 1, "cut.json.gz: line "},
		{"UTF-16 is refused", []string{"utf16.json"}, 1, "utf16.json: UTF-16 text: convert it first"},
		{"Zstandard that is cut off fails", []string{"old.json.zst"}, 1, "old.json.zst: zstd: unexpected EOF"},
		{"binary data is refused", []string{"binary.json"}, 1, "binary.json: binary data"},
		{"gzip within gzip is read", []string{"twice.gz"}, 0, "1 input, 10 records"},
		{"a stray NUL is one record's problem", []string{"nul.json", entries}, 0, "nul.json:1: not JSON at byte 8"},
		{"results never replace what is read", []string{"--out", entries, entries}, 1, entries + " is what is read: the results would replace it"},
		{"a directory is no place to write to", []string{"--out", "none", entries}, 1, "write results: none is a directory"},
		{"a pattern that matches nothing fails", []string{"*.nothing"}, 1, "*.nothing: no file matches this pattern"},
		{"a directory without logs fails", []string{"none"}, 1, "none: holds no file named like a log"},
		{"a directory lists what it skips", []string{"."}, 1, "skipped: bad.yaml, notes.txt, policy.yaml, twice.gz, warn.yaml"},
		{"a facts file with an unknown key fails", []string{"--facts", "bad.yaml", entries}, 1, `bad.yaml:1:1: the file has an unknown key "constraint"`},
		{"facts that cannot be meant are warned of", []string{"--facts", "warn.yaml", entries}, 0, `warning: warn.yaml:1:15: constraint "run.managed.requireInvokerIAM" is none`},
		{"the last thirty years are a time", []string{"--since", "9999d", entries}, 0, "findings"},
		{"a missing facts file fails", []string{"--facts", "gone.yaml", entries}, 1, "read facts: open gone.yaml"},
		{"a policy file with an unknown key fails", []string{"--policies", "policy.yaml", entries}, 1, "policy.yaml:1:"},
		{"no input is wrong usage", nil, 2, "no input: want a file, directory, glob or -"},
		{"another store is wrong usage", []string{"s3://logs/x"}, 2, "not supported: s3://logs/x; want a file, directory, glob, -, gs://BUCKET/PREFIX, logging://projects/P or bigquery://PROJECT.DATASET.TABLE"},
		{"an unknown format is wrong usage", []string{"--format", "xml", entries}, 2, `--format is "xml", want one of csv, html, jsonl, sarif, table`},
		{"an unknown flag is wrong usage", []string{"--contrast", "x", entries}, 2, "flag provided but not defined: -contrast"},
		{"a plan has one form", []string{"--plan-rollout", entries}, 2, "--plan-rollout writes a policy file: it takes no --compare, --format or --long"},
		{"to fail on what is not compared is wrong usage", []string{"--fail-on-diff", entries}, 2, "--fail-on-diff is about what differs, and there is no --compare"},
		{"a time that is none is wrong usage", []string{"--since", "soon", entries}, 2, `invalid value "soon" for flag -since: want a time like 2026-11-20T10:00:00Z`},
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
