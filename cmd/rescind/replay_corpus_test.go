package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const corpus = "../../../shared/corpus"

// TestTheCorpusHoldsNoFinding replays 240 entries that public repositories
// publish. None of them violates a built-in policy: the Cloud Run services run
// as accounts of their own and are open to named users, and Editor and Owner
// go to users only. A finding here is a false alarm.
func TestTheCorpusHoldsNoFinding(t *testing.T) {
	files := corpusFiles(t)
	code, findings, summary := runCommand(t, "", "replay", "--format", "jsonl", corpus)
	if code != exitOK || findings != "" {
		t.Errorf("exit status %d, findings:\n%s", code, findings)
	}
	for _, want := range []string{
		"16 inputs, 240 records: 16 changes, 217 irrelevant, 2 failed calls, 5 unreadable records",
		"4 changes read before, counted once",
		"panther-placeholder.partial.jsonl:3: protoPayload.methodName is missing",
		"panther-relevant.partial.jsonl:1: protoPayload.serviceName is missing",
	} {
		if !strings.Contains(summary, want) {
			t.Errorf("summary:\n%s\nwant in it: %s", summary, want)
		}
	}
	// One by one: no entry hides behind another with its insertId.
	for _, f := range files {
		if code, findings, _ := runCommand(t, "", "replay", "--format", "jsonl", f); code != exitOK || findings != "" {
			t.Errorf("%s: exit status %d, findings:\n%s", f, code, findings)
		}
	}
}

func corpusFiles(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		t.Skipf("the corpus of public entries is not part of the repository: %v", err)
	}
	files, err := filepath.Glob(corpus + "/*/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the corpus: %v", err)
	}
	return files
}
