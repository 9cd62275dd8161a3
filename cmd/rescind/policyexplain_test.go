package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// iamEntry is an entry of a Cloud Run SetIamPolicy; more goes into its payload.
func iamEntry(insertID, member, more string) string {
	return fmt.Sprintf(`{"insertId":%q,"logName":"projects/pay/logs/cloudaudit.googleapis.com%%2Factivity","timestamp":"2026-11-20T10:00:00Z",
"resource":{"type":"cloud_run_revision","labels":{"project_id":"pay","location":"l"}},"protoPayload":{"serviceName":"run.googleapis.com",
"methodName":"google.cloud.run.v1.Services.SetIamPolicy","resourceName":"projects/pay/locations/l/services/%s",%s
"authenticationInfo":{"principalEmail":"dev@example.com"},
"response":{"bindings":[{"role":"roles/run.invoker","members":[%q]}]}}}`+"\n", insertID, insertID, more, member)
}

func TestPolicyExplainOf(t *testing.T) {
	one, two := iamEntry("a1", "allUsers", ""), iamEntry("b2", "user:ada@example.com", "")
	failed := iamEntry("f3", "allUsers", `"status":{"code":7},`)
	for _, tt := range []struct {
		name, stdin string
		args        []string
		code        int
		stdout      string
		stderr      string
	}{
		{"an entry on standard input", one, nil, exitOK, "services/a1\nby user:dev@example.com at 2026-11-20T10:00:00Z, insertId a1\n", ""},
		{"one of several, by its insertId", one + two, []string{"--insert-id", "b2"}, exitOK, "services/b2\n", ""},
		{"an array with one entry", "[" + one + "]", nil, exitOK, "services/a1\n", ""},
		{"a change beside what is none", failed + one, nil, exitOK, "services/a1\n", ""},
		{"a failed call", failed, nil, exitOK, "No policy is held against the entry: failed call: ", ""},
		{"several that are no change", failed + failed, nil, exitOK, "none of its 2 entries is a change; of the last: failed call: ", ""},
		{"a failed call among several", failed + one, []string{"--insert-id", "f3"}, exitOK, "No policy is held against the entry: failed call: ", ""},
		{"an entry of another log", `{"logName":"projects/p/logs/x","timestamp":"2026-11-20T10:00:00Z","protoPayload":{}}`, nil, exitOK, "No policy is held against the entry: not a change: ", ""},
		{"a project's policy without a delta", `{"insertId":"p","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2026-11-20T10:00:00Z",` +
			`"resource":{"type":"project","labels":{"project_id":"p"}},"protoPayload":{"serviceName":"cloudresourcemanager.googleapis.com","methodName":"SetIamPolicy",` +
			`"resourceName":"projects/p","response":{"bindings":[]}}}`, nil, exitOK, "No policy is held against the entry: the entry shows the policy, and not what was changed in it", ""},
		{"one policy", one, []string{"--policy", "no-public-invoker"}, exitOK, "no-public-invoker: unknown, enforcement audit, decision report", ""},

		{"several changes without saying which", one + two, nil, exitUsage, "", "there are 2 changes in it; name one with --insert-id: a1, b2"},
		{"an insertId that none has", one, []string{"--insert-id", "zz"}, exitFailed, "", `no entry that could be a change has insertId "zz"`},
		{"a policy that there is not", one, []string{"--policy", "no-public-invokr"}, exitFailed, "", `did you mean "no-public-invoker"?`},
		{"what is no JSON", "hello\n", nil, exitFailed, "", "-:1: "},
		{"what is no log entry", `{"a":1}`, nil, exitFailed, "", "no log entry"},
		{"nothing", "", nil, exitFailed, "", "there is no log entry in it"},
		{"two operands", one, []string{"x.json"}, exitUsage, "", "want one ENTRY, have 2"},
		{"another format", one, []string{"--format", "xml"}, exitUsage, "", `--format is "xml", want text or json`},
		{"a facts file that is not there", one, []string{"--facts", "/nowhere.yaml"}, exitFailed, "", "/nowhere.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string{"policy", "explain", "-"}, tt.args...)
			code, out, errs := runCommand(t, tt.stdin, args...)
			if code != tt.code || !strings.Contains(out, tt.stdout) || !strings.Contains(errs, tt.stderr) {
				t.Errorf("exit %d, want %d\nstdout:\n%s\nstderr:\n%s", code, tt.code, out, errs)
			}
			if (tt.stdout == "") != (out == "") || (tt.stderr == "") != (errs == "") {
				t.Errorf("stdout:\n%s\nstderr:\n%s", out, errs)
			}
		})
	}
}

func TestPolicyExplainAsJSONHoldsTheSame(t *testing.T) {
	_, out, _ := runCommand(t, iamEntry("a1", "allUsers", ""), "policy", "explain", "--format", "json", "-")
	var x struct {
		Change   struct{ Resource, Actor string }
		Policies []struct {
			Policy, Verdict string
			When            struct {
				Op, Answer string
				Parts      []struct {
					Text    string
					Decided bool
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &x); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	p := x.Policies[len(x.Policies)-1]
	if x.Change.Actor != "user:dev@example.com" || p.Verdict != "unknown" || p.When.Op != "&&" || p.When.Answer != "unknown" ||
		len(p.When.Parts) != 2 || !p.When.Parts[0].Decided || p.When.Parts[1].Decided {
		t.Errorf("%+v", x)
	}
	_, out, _ = runCommand(t, iamEntry("f", "allUsers", `"status":{"code":7},`), "policy", "explain", "--format", "json", "-")
	if !strings.Contains(out, `"no_change": "failed call: `) {
		t.Errorf("stdout:\n%s", out)
	}
}

func TestPolicyExplainKeepsSecretsAndControlCharacters(t *testing.T) {
	const secret = "hunter2"
	entry := strings.Replace(iamEntry("a1", "user:\x1b[31m\u202e@example.com", `"request":{"env":[{"name":"PASSWORD","value":"`+secret+`"}]},`),
		`\x1b`, `\u001b`, 1) // as JSON escapes it
	file := policyFile(t, strings.Replace(strings.Replace(internalOnly, "WANT", "compliant", 1),
		`workload.ingress == "all"`, `change.added.exists(g, g.member.value == "x")`, 1))
	for _, format := range []string{"text", "json"} {
		code, out, errs := runCommand(t, entry, "policy", "explain", "--format", format, "--policies", file, "-")
		if code != exitOK {
			t.Fatalf("exit %d, stderr:\n%s", code, errs)
		}
		if strings.ContainsAny(out, "\x1b\u202e") || strings.Contains(out, secret) || !strings.Contains(out, "[31m") {
			t.Errorf("%s:\n%q", format, out)
		}
	}
}
