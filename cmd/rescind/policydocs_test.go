package main

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updatePolicy = flag.Bool("update-policy", false, "rewrite what the commands in docs/policy-commands.md print")

// The samples are marked as those of docs/replay.md are (docSample).
func TestTheSamplesOfThePolicyCommandsDocsDoWhatTheySay(t *testing.T) {
	const path = "../../docs/policy-commands.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, ran := string(text), 0
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, s := range docSample.FindAllStringSubmatch(doc, -1) {
		what, file, body := s[1], s[2], s[3]
		if what != "run" {
			write(t, file, body)
			continue
		}
		line, _, _ := strings.Cut(body, "\n")
		_, out, stderr := runCommand(t, "", strings.Fields(strings.TrimPrefix(line, "$ rescind "))...)
		if stderr != "" {
			t.Errorf("%s:\n%s", line, stderr)
		}
		got := line + "\n" + out
		if diff := cmp.Diff(body, got); diff != "" && !*updatePolicy {
			t.Errorf("%s (-docs +got):\n%s", line, diff)
		}
		doc = strings.Replace(doc, s[0], strings.Replace(s[0], body, got, 1), 1)
		ran++
	}
	if ran < 6 {
		t.Errorf("%d commands, want at least 6", ran)
	}
	if code, out, stderr := runCommand(t, "", "policy", "lint", "with-schema.yaml"); code != exitOK {
		t.Errorf("the file that names a schema: exit %d\n%s%s", code, out, stderr)
	}
	if *updatePolicy {
		t.Chdir(home)
		if err := os.WriteFile(path, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
