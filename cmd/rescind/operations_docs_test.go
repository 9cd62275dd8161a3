package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"
)

// samplesIn are the lines of a text that call rescind.
func samplesIn(text string) []string {
	return regexp.MustCompile(`(?m)^ *(rescind (?:findings|pause|resume) .*)$`).FindAllString(text, -1)
}

// shellWords splits a line as a shell does that knows single quotes alone.
func shellWords(line string) []string {
	var out []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}

// keepDocumented puts the findings into the store that the samples are about.
func (b *bureau) keepDocumented() {
	b.keep(newFinding("vcgfwjtpahkqm5hzxg3hbrhzqe", state.Pending), newFinding("dzv4kq2mxn7rtyu3b6wc5hsaeo", state.Pending),
		newFinding("ebdd2yqnbrhhklmfjnejlzq5su", state.Pending),
		newFinding("oao57t46mrqauazg5hxzjzqday", state.Reverted))
}

// sample runs a line as it stands, in the directory of rescind.yaml.
func (b *bureau) sample(line string) (code int, stderr string) {
	b.t.Helper()
	code, _, stderr = runCommand(b.t, "", shellWords(line)[1:]...)
	return code, stderr
}

func TestTheSamplesOfTheOperationsDocsWork(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	b := newBureau(t, "ada@example.com")
	b.keepDocumented()
	t.Chdir(filepath.Dir(b.config))
	samples := samplesIn(string(text))
	if len(samples) < 9 {
		t.Fatalf("%d samples, want at least 9", len(samples))
	}
	for _, line := range samples {
		if code, stderr := b.sample(line); code != exitOK {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
	for _, s := range state.All() {
		if !strings.Contains(string(text), "\n| `"+string(s)+"` |") {
			t.Errorf("no row says what to do about %s", s)
		}
	}
}

func TestTheExamplesOfTheHelpAreUnderstood(t *testing.T) {
	usages := []string{findingsListUsage, findingsShowUsage, findingsRevertUsage, findingsKeepUsage, findingsUndoUsage, pauseUsage, resumeUsage}
	for _, usage := range usages {
		b := newBureau(t, "ada@example.com")
		b.keepDocumented()
		t.Chdir(filepath.Dir(b.config))
		examples := samplesIn(usage)
		if len(examples) == 0 {
			t.Errorf("no example in\n%s", usage)
		}
		for _, line := range examples {
			if code, stderr := b.sample(line); code == exitUsage {
				t.Errorf("%s: %s", line, stderr)
			}
		}
	}
}
