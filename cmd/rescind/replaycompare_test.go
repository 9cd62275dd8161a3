package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const revertPublic = "apiVersion: rescind/v1\npolicies: [{name: no-public-invoker, enforcement: revert}]\n"

// The same history under two sets of policies: exit status 3 says that something differs,
// where that is asked for, and what could not be read comes before that.
func TestACompareFailsOnADifferenceWhereThatIsAskedFor(t *testing.T) {
	policies := filepath.Join(t.TempDir(), "p.yaml")
	write(t, policies, revertPublic)
	history, facts := "testdata/replay/v1/entries.jsonl", "testdata/replay/v1/facts.yaml"
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"it differs":                 {[]string{"--compare", policies, history}, exitOK, "report > revert"},
		"it differs, and that fails": {[]string{"--compare", policies, "--fail-on-diff", history}, exitDiffers, "report > revert"},
		"nothing differs":            {[]string{"--policies", policies, "--compare", policies, "--fail-on-diff", history}, exitOK, "no difference in what was read"},
		"an input is not there":      {[]string{"--compare", policies, "--fail-on-diff", history, "gone.json"}, exitFailed, "report > revert"},
		"policies are not there":     {[]string{"--compare", "gone", history}, exitFailed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := runCommand(t, "", append([]string{"replay", "--facts", facts}, tt.args...)...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, want %d:\n%s%s", code, tt.code, out, errs)
			}
		})
	}
}

// The workflow of the documentation, as far as it runs without GitHub: its own steps, in
// order, by bash as GitHub calls it, with the real program, and a gh that keeps what it is given.
func TestTheWorkflowForPullRequestsCommentsWhatDiffers(t *testing.T) {
	text, err := os.ReadFile("../../docs/examples/replay-policies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Env  map[string]string
		Jobs map[string]struct {
			Steps []struct {
				Name, Run, Uses string
				Env             map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(text, &workflow); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o750); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "rescind"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	gh := filepath.Join(bin, "gh")
	write(t, gh, "#!/bin/sh\necho \"$@\" >said\nfor last; do :; done; cp \"$last\" comment\n")
	if err := os.Chmod(gh, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, side := range []string{"base", "head"} {
		if err := os.MkdirAll(filepath.Join(dir, side, "policies"), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	copyTo(t, "testdata/replay/v1/facts.yaml", filepath.Join(dir, "base/facts.yaml"))
	copyTo(t, "testdata/replay/v1/entries.jsonl", filepath.Join(dir, "history/entries.jsonl"))
	write(t, filepath.Join(dir, "base/policies/p.yaml"), "apiVersion: rescind/v1\npolicies: []\n")
	write(t, filepath.Join(dir, "head/policies/p.yaml"), revertPublic)

	env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + dir, "HISTORY=history", "SINCE=9999d", "FACTS=" + workflow.Env["FACTS"],
		"GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary"), "NUMBER=7"}
	ran := 0
	for _, step := range workflow.Jobs["compare"].Steps {
		if step.Run == "" || strings.HasPrefix(step.Run, "go install") {
			continue
		}
		if strings.Contains(step.Run, "${{") {
			t.Errorf("step %q puts what GitHub says into a script: somebody's branch name would run", step.Name)
		}
		cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("step %q: %v\n%s", step.Name, err, out)
		}
		ran++
	}
	comment := read(t, filepath.Join(dir, "comment"))
	if ran != 3 || !strings.Contains(comment, "\n    == changes decision, no-public-invoker: 4\n") || !strings.Contains(read(t, filepath.Join(dir, "said")), "pr comment 7 ") {
		t.Errorf("%d steps ran; the comment is\n%s", ran, comment)
	}
	for line := range strings.Lines(comment) {
		if strings.Contains(line, "no-public-invoker") && !strings.HasPrefix(line, "    ") {
			t.Errorf("a line of the table is markup: %q", line)
		}
	}
	if read(t, filepath.Join(dir, "summary")) != comment || read(t, filepath.Join(dir, "output")) != "status=3\n" || !strings.Contains(read(t, filepath.Join(dir, "differences.html")), "What other policies would change") {
		t.Error("the summary, the output or the page is not there")
	}
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		t.Fatal(err)
	}
	write(t, to, read(t, from))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The worst hour is held against the limits of the configuration, where one is named.
func TestTheLimitsOfAReportAreThoseOfTheConfiguration(t *testing.T) {
	dir := t.TempDir()
	policies, history := filepath.Join(dir, "p.yaml"), "testdata/replay/v1/entries.jsonl"
	write(t, policies, revertPublic)
	write(t, filepath.Join(dir, "rescind.yaml"), strings.Replace(smallConfig, "STORE", "\"memory:\"", 1)+"guardrails: {max_reverts: {total_per_hour: 1}}\n")
	args := []string{"replay", "--facts", "testdata/replay/v1/facts.yaml", "--policies", policies, history}
	for config, want := range map[string]string{"": "2 reverts of 50 from 2026-11-20 10:00,", filepath.Join(dir, "rescind.yaml"): "2 reverts of 1 from 2026-11-20 10:00 OVER,"} {
		code, out, errs := runCommand(t, "", append(args, "--config", config)...)
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit status %d, want %q in\n%s%s", code, want, out, errs)
		}
	}
}

// Each form is written by the command, to standard output and to a file alike, and findings
// of one history are as many in each.
func TestEveryFormatIsWrittenByTheCommand(t *testing.T) {
	args := []string{"replay", "--facts", "testdata/replay/v1/facts.yaml", "testdata/replay/v1/entries.jsonl"}
	_, objects, _ := runCommand(t, "", append(args, "--format", "jsonl")...)
	n := strings.Count(objects, "\n")
	for format, tt := range map[string]struct {
		begins, each string
	}{
		"table": {"6 findings: ", "\n2026-11-20T"},
		"csv":   {"policy,verdict,severity,resource,", "//run.googleapis.com/"},
		"sarif": {`{"$schema":"https://`, `"ruleId":`},
		"html":  {"<!DOCTYPE html>\n", "[17"}, // a row begins with its time
		"jsonl": {`{"policy":`, `"ended":`},
	} {
		code, out, _ := runCommand(t, "", append(args, "--format", format)...)
		if code != exitOK || !strings.HasPrefix(out, tt.begins) || strings.Count(out, tt.each) < n {
			t.Errorf("%s: exit status %d, %d of %d findings, begins with %.60q", format, code, strings.Count(out, tt.each), n, out)
		}
		path := filepath.Join(t.TempDir(), "out")
		if code, _, _ := runCommand(t, "", append(args, "--format", format, "--out", path)...); code != exitOK || read(t, path) != out {
			t.Errorf("%s: a file holds something else, exit status %d", format, code)
		}
	}
}

// The lines of a table fit the width that COLUMNS says, where standard output is no terminal.
func TestTheTableFitsWhatColumnsSays(t *testing.T) {
	var out bytes.Buffer
	code := run(t.Context(), []string{"replay", "testdata/replay/v1/entries.jsonl"}, environment{
		lookup: func(name string) (string, bool) { return "60", name == "COLUMNS" },
		stdin:  strings.NewReader(""), stdout: &out, stderr: io.Discard,
	})
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 60 || code != exitOK {
			t.Errorf("exit status %d, %d characters: %s", code, n, line)
		}
	}
}
