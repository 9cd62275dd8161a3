package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fileSample is a block below a comment that says which file it is, indented or not.
var fileSample = regexp.MustCompile("(?m)^( *)<!-- file: (\\S+) -->\n *```yaml\n((?s:.*?))\n *```$")

func TestTheSamplesOfTheInstallDocsWork(t *testing.T) {
	raw, err := os.ReadFile("../../docs/install.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	b := newBureau(t, "ada@example.com")
	b.keepDocumented()
	t.Chdir(filepath.Dir(b.config))
	for _, f := range fileSample.FindAllStringSubmatch(text, -1) {
		write(t, f[2], strings.ReplaceAll("\n"+f[3], "\n"+f[1], "\n"))
	}
	write(t, "facts.yaml", "projects: [{id: pay-dev}]\n")
	write(t, "entries.json", `[{"logName":"projects/pay-dev/logs/x","timestamp":"2026-11-20T10:00:00Z","textPayload":"hello"}]`+"\n")
	commands := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ *(rescind .*)$`).FindAllStringSubmatch(text, -1) {
		line, _, _ := strings.Cut(m[1], " > ")
		commands[strings.Fields(line)[1]] = true
		if code, stderr := b.sample(line); code != exitOK {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
	for _, want := range []string{"replay", "findings", "slack", "audit"} {
		if !commands[want] {
			t.Errorf("no sample runs rescind %s: is this test still looking for them?", want)
		}
	}
}

func TestThePoliciesOfTheExamplesOfTheModuleLoad(t *testing.T) {
	files, err := filepath.Glob("../../infra/examples/*/policies.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%q (%v), want the policies of two examples", files, err)
	}
	slices.Sort(files)
	for _, f := range files {
		if code, _, stderr := runCommand(t, "", "policy", "lint", f); code != exitOK {
			t.Errorf("rescind policy lint %s: exit %d, %s", f, code, stderr)
		}
	}
}
