package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runPolicy runs `rescind policy ...` and returns what it printed.
func runPolicy(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	env := environment{
		lookup: func(string) (string, bool) { return "", false },
		stdin:  strings.NewReader(""), stdout: &out, stderr: &errs,
	}
	code = run(t.Context(), append([]string{"policy"}, args...), env)
	return out.String(), errs.String(), code
}

func policyFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "p.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const internalOnly = `apiVersion: rescind/v1
policies:
  - name: internal-only
    title: Inside only
    severity: low
    on: [run.service]
    when: workload.ingress == "all"
    enforcement: approve
    tests:
      - name: open to all
        change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, ingress: all}
        want: violation
      - name: open to nobody
        change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, ingress: internal}
        want: WANT
`

func TestPolicyListShowsBuiltInAndOwnPolicies(t *testing.T) {
	file := policyFile(t, strings.Replace(internalOnly, "WANT", "compliant", 1))
	out, errs, code := runPolicy(t, "list", file)
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, stderr:\n%s", code, errs)
	}
	for _, want := range []string{
		"NAME", "no-default-service-account     high      audit        run.service,run.job,run.workerPool",
		"no-editor-on-runtime-identity", "no-public-invoker",
		"internal-only                  low       approve      run.service",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestPolicyTestPassesOnTheBuiltInPolicies(t *testing.T) {
	out, errs, code := runPolicy(t, "test")
	if code != exitOK || errs != "" {
		t.Fatalf("exit %d, stderr:\n%s\nstdout:\n%s", code, errs, out)
	}
	if !strings.Contains(out, "ok    no-public-invoker/allUsers may invoke a service, v1\n") || !strings.HasSuffix(out, " passed, 0 failed\n") {
		t.Errorf("stdout:\n%s", out)
	}
}

func TestPolicyTestShowsWhatAFailingSampleGot(t *testing.T) {
	file := policyFile(t, strings.Replace(internalOnly, "want: WANT", "want: violation\n        enforcement: revert", 1))
	out, _, code := runPolicy(t, "test", "--run", "internal-only/", file)
	want := `ok    internal-only/open to all
FAIL  internal-only/open to nobody
      ` + file + `:13
      - want violation, enforcement revert
      + got  compliant
1 passed, 1 failed
`
	if code != exitFailed || out != want {
		t.Errorf("exit %d, stdout:\n%s\nwant exit %d and:\n%s", code, out, exitFailed, want)
	}
}

func TestPolicyCommandsRefuse(t *testing.T) {
	bad := policyFile(t, "apiVersion: rescind/v1\npolicies:\n  - {name: x, titel: x}\n  - {name: y, severity: hgh}\n")
	empty := t.TempDir()
	for _, tt := range []struct {
		name string
		args []string
		code int
		want []string // on stderr
	}{
		{"every problem of a bad file, at its place", []string{"list", bad}, exitFailed, []string{
			bad + `:3:15: a policy has an unknown key "titel"; did you mean "title"?`,
			bad + `:4:25: severity is "hgh", want "low", "medium", "high" or "critical"; did you mean "high"?`,
		}},
		{"a bad file for test too", []string{"test", bad}, exitFailed, []string{":3:15: "}},
		{"a file that is not there", []string{"list", "/nowhere/x.yaml"}, exitFailed, []string{"/nowhere/x.yaml"}},
		{"a directory without policies", []string{"list", empty}, exitFailed, []string{"holds no .yaml or .yml file"}},
		{"a sample name that none has", []string{"test", "--run", "zzz"}, exitFailed, []string{`no sample's name contains "zzz"`}},
		{"an unknown subcommand", []string{"frobnicate"}, exitUsage, []string{`unknown command "frobnicate"`}},
		{"no subcommand", nil, exitUsage, []string{"Usage: rescind policy COMMAND"}},
		{"an unknown flag", []string{"test", "--bogus"}, exitUsage, []string{"bogus"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, errs, code := runPolicy(t, tt.args...)
			if code != tt.code || out != "" {
				t.Errorf("exit %d, want %d; stdout:\n%s", code, tt.code, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(errs, want) {
					t.Errorf("no %q in stderr:\n%s", want, errs)
				}
			}
		})
	}
}

func TestPolicyHelpHoldsAnExample(t *testing.T) {
	for _, args := range [][]string{
		{"--help"}, {"list", "--help"}, {"test", "--help"}, {"lint", "--help"}, {"explain", "--help"}, {"schema", "--help"},
	} {
		out, errs, code := runPolicy(t, args...)
		if code != exitOK || errs != "" || !strings.Contains(out, "Example:\n  rescind policy ") {
			t.Errorf("%q: exit %d, stderr %q, stdout:\n%s", args, code, errs, out)
		}
	}
}

func TestPolicyOutputHoldsNoControlCharacters(t *testing.T) {
	file := policyFile(t, strings.Replace(strings.Replace(internalOnly, "WANT", "compliant", 1),
		"title: Inside only", `title: "red \e[31m alert"`, 1))
	out, _, _ := runPolicy(t, "list", file)
	if strings.ContainsRune(out, '\x1b') || !strings.Contains(out, "alert") {
		t.Errorf("stdout: %q", out)
	}
}
