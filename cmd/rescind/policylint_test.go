package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPolicyLintExitsByWhatItFinds(t *testing.T) {
	clean := policyFile(t, strings.Replace(internalOnly, "WANT", "compliant", 1))
	untested := policyFile(t, internalOnly[:strings.Index(internalOnly, "    tests:")])
	never := policyFile(t, strings.Replace(strings.Replace(internalOnly, "WANT", "compliant", 1), "on: [run.service]", "on: [project]", 1))
	broken := policyFile(t, "apiVersion: rescind/v1\npolicies: none\n")
	wrapped := policyFile(t, `{"message": {"data": "e30="}}`)
	for _, tt := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"nothing to report", []string{clean}, exitOK, "", ""},
		{"a warning", []string{untested}, exitOK, untested + ":3:11: warning: policy \"internal-only\" has no tests [no-tests]\n", ""},
		{"a problem", []string{"--policies", never}, exitFailed, never + ":7:11: policy \"internal-only\": when can never be true [never-matches]\n", ""},
		{"a file that does not load", []string{broken}, exitFailed, broken + ":2:11: policies is text of 4 characters, want a list [invalid]\n", ""},
		{"no file", nil, exitUsage, "", "no policies: want a file or a directory"},
		{"a file that is not there", []string{"/nowhere.yaml"}, exitFailed, "", "/nowhere.yaml"},
		{"a history that is not there", []string{"--history", "/nowhere.json", clean}, exitFailed, "nothing could be read: ", "read history /nowhere.json: no such file or directory"},
		{"a history of no log entries", []string{"--history", wrapped, clean}, exitFailed, "nothing could be read: ", "read history " + wrapped + ":1: a Pub/Sub message in which there is no whole log entry"},
		{"an empty history", []string{"--history", os.DevNull, clean}, exitFailed, "nothing could be read: ", "read history: there is no log entry in it"},
		{"another format", []string{"--format", "sarif", clean}, exitUsage, "", `--format is "sarif", want text or json`},
		{"a day that is none", []string{"--at", "soon", clean}, exitUsage, "", "soon"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, errs, code := runPolicy(t, append([]string{"lint"}, tt.args...)...)
			if code != tt.code || !strings.HasPrefix(out, tt.stdout) || !strings.Contains(errs, tt.stderr) || (tt.stdout == "") != (out == "") {
				t.Errorf("exit %d, want %d\nstdout:\n%s\nstderr:\n%s", code, tt.code, out, errs)
			}
		})
	}
	out, _, code := runPolicy(t, "lint", "--format", "json", never)
	var problems []struct{ File, Rule, Policy, Message string }
	if err := json.Unmarshal([]byte(out), &problems); err != nil || code != exitFailed || len(problems) != 3 || problems[0].Rule != "never-matches" || problems[1].Rule != "test-not-judged" {
		t.Errorf("as JSON: exit %d, %v\n%s", code, err, out)
	}
}

func TestPolicyTestWritesJUnit(t *testing.T) {
	file := policyFile(t, strings.Replace(internalOnly, "WANT", "violation", 1))
	report := filepath.Join(t.TempDir(), "junit.xml")
	_, _, code := runPolicy(t, "test", "--run", "internal-only/", "--junit", report, file)
	if code != exitFailed {
		t.Errorf("exit %d, want %d: a sample failed", code, exitFailed)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Cases []struct {
				Class   string `xml:"classname,attr"`
				Name    string `xml:"name,attr"`
				File    string `xml:"file,attr"`
				Line    int    `xml:"line,attr"`
				Failure *struct {
					Message string `xml:"message,attr"`
					Text    string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	if got.Tests != 2 || got.Failures != 1 || len(got.Suites) != 1 || len(got.Suites[0].Cases) != 2 {
		t.Fatalf("%s", data)
	}
	passed, failed := got.Suites[0].Cases[0], got.Suites[0].Cases[1]
	if passed.Failure != nil || passed.Class != "internal-only" || passed.Name != "open to all" || passed.File != file {
		t.Errorf("%+v", passed)
	}
	if failed.Failure == nil || failed.Failure.Message != "want violation, got compliant" || failed.Line != 13 ||
		!strings.Contains(failed.Failure.Text, "- want violation") {
		t.Errorf("%s", data)
	}
}

func TestPolicyListAsJSON(t *testing.T) {
	file := policyFile(t, strings.Replace(internalOnly, "WANT", "compliant", 1))
	out, _, code := runPolicy(t, "list", "--format", "json", file)
	var listed []struct {
		Name, Enforcement, Source string
		On                        []string
		BuiltIn                   bool `json:"built_in"`
	}
	if err := json.Unmarshal([]byte(out), &listed); err != nil || code != exitOK || len(listed) != 5 {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	if p := listed[4]; p.Name != "internal-only" || p.Enforcement != "approve" || p.BuiltIn || p.Source != file || !listed[0].BuiltIn {
		t.Errorf("%+v", listed)
	}
}

func TestPolicyListOfAProject(t *testing.T) {
	facts := filepath.Join(t.TempDir(), "facts.yaml")
	write(t, facts, "constraints: {run.managed.requireInvokerIam: {enforced: []}}\nprojects: [{id: pay, number: \"12345\", ancestors: [folders/1]}]\n")
	out, errs, code := runPolicy(t, "list", "--effective", "--project", "12345", "--facts", facts)
	for _, want := range []string{
		"project pay\nprojects/pay is in folders/1 (facts file ",
		"no-default-service-account: audit\n", "no-public-invoker: audit, but nothing there can violate it\n",
	} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit %d, stderr %q, no %q in:\n%s", code, errs, want, out)
		}
	}
	out, _, _ = runPolicy(t, "list", "--effective", "--project", "pay", "--format", "json", "--facts", facts)
	var x struct {
		Project  string
		Policies []struct{ Policy, State string }
	}
	if err := json.Unmarshal([]byte(out), &x); err != nil || x.Project != "pay" || len(x.Policies) != 4 || x.Policies[3].State != "idle" {
		t.Errorf("%v\n%s", err, out)
	}
	for _, args := range [][]string{
		{"list", "--effective"}, {"list", "--project", "pay"}, {"list", "--facts", facts}, {"list", "--format", "yaml"},
	} {
		if _, errs, code := runPolicy(t, args...); code != exitUsage || errs == "" {
			t.Errorf("%q: exit %d, stderr %q", args, code, errs)
		}
	}
}

func TestPolicySchemaIsJSON(t *testing.T) {
	out, errs, code := runPolicy(t, "schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(out), &schema); err != nil || code != exitOK || errs != "" {
		t.Fatalf("exit %d, %v, stderr %q", code, err, errs)
	}
	if schema["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
		t.Errorf("$schema is %v", schema["$schema"])
	}
	if _, _, code := runPolicy(t, "schema", "x.yaml"); code != exitUsage {
		t.Errorf("an operand: exit %d", code)
	}
}

// An expression that is wrong is shown with a caret under the place.
func TestPolicyLintShowsTheLineOfAWrongExpression(t *testing.T) {
	file := policyFile(t, strings.Replace(strings.Replace(internalOnly, "WANT", "compliant", 1), `workload.ingress ==`, `workload.ingress =`, 1))
	out, _, code := runPolicy(t, "lint", file)
	lines := strings.Split(out, "\n")
	if code != exitFailed || len(lines) < 3 || !strings.Contains(lines[0], "two values are compared with ==") ||
		strings.Index(lines[2], "^") != strings.Index(lines[1], " = ")+1 {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

// Whoever tests a file sees its own samples, and of the built-in ones that they passed.
func TestPolicyTestShowsTheSamplesOfTheFileFirst(t *testing.T) {
	file := policyFile(t, strings.Replace(internalOnly, "WANT", "compliant", 1))
	out, _, code := runPolicy(t, "test", file)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(lines) != 4 || !strings.HasPrefix(lines[0], "ok    internal-only/") || !strings.HasSuffix(lines[2], "samples of the built-in policies") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if all, _, _ := runPolicy(t, "test"); strings.Count(all, "\n") < 100 {
		t.Errorf("without a file the built-in samples are not listed:\n%s", all)
	}
}

func TestPolicyTestRefusesASampleThatIsNeverJudged(t *testing.T) {
	file := policyFile(t, strings.Replace(strings.Replace(internalOnly, "WANT", "compliant", 1), "on: [run.service]", "on: [run.job]", 1))
	out, _, code := runPolicy(t, "test", file)
	if code != exitFailed || !strings.Contains(out, "not judged: it is of a run.service, and the policy is on run.job") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

func TestPolicyListAllHasThoseThatAreNotLoaded(t *testing.T) {
	loaded, _, _ := runPolicy(t, "list")
	all, _, code := runPolicy(t, "list", "--all")
	if code != exitOK || strings.Contains(loaded, "no-public-ingress") || !strings.Contains(all, "no-public-ingress") || !strings.Contains(all, "not loaded") {
		t.Errorf("exit %d:\n%s", code, all)
	}
	var listed []struct {
		Name   string
		Loaded bool
	}
	asJSON, _, _ := runPolicy(t, "list", "--all", "--format", "json")
	if err := json.Unmarshal([]byte(asJSON), &listed); err != nil || !listed[0].Loaded || listed[len(listed)-1].Loaded {
		t.Errorf("%v: %+v", err, listed)
	}
}
