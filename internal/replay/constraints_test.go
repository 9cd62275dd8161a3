package replay_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

// The project pay lies in folder 2, which lies in folder 1; the folder 9 holds
// another. Nothing else is listed.
const hierarchy = `
constraints: {run.managed.requireInvokerIam: {enforced: [folders/1]}}
projects:
  - {id: pay, number: 12, ancestors: [folders/2, folders/1, organizations/77]}
  - {id: other, ancestors: [folders/9, organizations/77]}
`

var (
	on          = object{"enforce": true}
	off         = object{"enforce": false}
	conditional = object{"enforce": true, "condition": object{"expression": "resource.matchTag('77/env', 'prod')"}}
)

// A service is open to everyone at minute 5. Whether that violates depends on
// what organization policies said at that minute, and nothing on when they were
// read.
func TestWhatIsInForceWhenAServiceIsPublishedDecides(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	set := constrained
	dryRun := set("c", 3, "projects/pay", off)
	response := dryRun["protoPayload"].(object)["response"].(object)
	response["dryRunSpec"], response["spec"] = response["spec"], nil
	dryRun["protoPayload"].(object)["request"] = object{"updateMask": "policy.dry_run_spec", "policy": object{"dryRunSpec": object{}}}
	deleted := call("c", 3, "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.DeletePolicy", "projects/pay/policies/"+requireInvoker, nil)
	otherOne := set("c", 3, "projects/pay", off)
	otherOne["protoPayload"].(object)["response"].(object)["name"] = "projects/pay/policies/run.allowedIngress"
	otherOne["protoPayload"].(object)["resourceName"] = "projects/pay/policies/run.allowedIngress"
	undated := set("c", 0, "projects/pay", off)
	delete(undated, "timestamp")
	for _, tt := range []struct {
		name    string
		changes []object
		want    string
	}{
		{"the file says so of a folder above", nil, violation},
		{"switched off before", []object{set("c", 3, "projects/pay", off)}, compliant},
		{"switched off in that minute", []object{set("c", 5, "projects/pay", off)}, compliant},
		{"switched off after", []object{set("c", 6, "projects/pay", off)}, violation},
		{"switched off and on again", []object{set("c", 4, "projects/pay", on), set("d", 3, "projects/pay", off)}, violation},
		{"on again only after", []object{set("c", 6, "projects/pay", on), set("d", 3, "projects/pay", off)}, compliant},
		{"switched off under the project's number", []object{set("c", 3, "projects/12", off)}, compliant},
		{"switched off for the nearest folder", []object{set("c", 3, "folders/2", off)}, compliant},
		{"switched off for the organization, which the folder goes before", []object{set("c", 3, "organizations/77", off)}, violation},
		{"switched off for the folder that the file speaks of", []object{set("c", 3, "folders/1", off)}, compliant},
		{"off for the folder, on for the project", []object{set("c", 3, "folders/2", off), set("d", 2, "projects/pay", on)}, violation},
		{"switched off for a folder beside it", []object{set("c", 3, "folders/9", off)}, violation},
		{"switched off for another project", []object{set("c", 3, "projects/other", off)}, violation},
		{"another constraint switched off", []object{otherOne}, violation},
		{"made conditional", []object{set("c", 3, "projects/pay", conditional)}, unknown},
		{"deleted, so that something above may be in force", []object{deleted}, unknown},
		{"only rehearsed", []object{dryRun}, violation},
		{"refused", []object{failed(set("c", 3, "projects/pay", off))}, violation},
		{"off, and nobody knows since when", []object{undated}, unknown},
		{"off, nobody knows since when, and on before", []object{set("b", 3, "projects/pay", on), undated}, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := replay.Config{Facts: facts(t, hierarchy)}
			opened := published("p", 5, "api")
			for _, entries := range [][]object{append([]object{opened}, tt.changes...), append(tt.changes, opened)} {
				if got := verdictOn(replayedBy(t, cfg, lines(t, entries...)), "p"); got != tt.want {
					t.Errorf("verdict %q, want %q", got, tt.want)
				}
			}
		})
	}
}

// The constraint is set at a folder or organization, and the file does not say whether the
// project is in it.
func TestAConstraintAboveAProjectWithoutAncestorsIsUnknown(t *testing.T) {
	for name, tt := range map[string]struct{ file, want string }{
		"enforced at the organization":  {"constraints: {run.managed.requireInvokerIam: {enforced: [organizations/77]}}\nprojects: [{id: pay}]", "unknown"},
		"enforced at another project":   {"constraints: {run.managed.requireInvokerIam: {enforced: [projects/other]}}\nprojects: [{id: pay}]", ""},
		"enforced nowhere":              {"constraints: {run.managed.requireInvokerIam: {enforced: []}}\nprojects: [{id: pay}]", ""},
		"the project is in none":        {"constraints: {run.managed.requireInvokerIam: {enforced: [organizations/77]}}\nprojects: [{id: pay, ancestors: []}]", ""},
		"the project is in another one": {"constraints: {run.managed.requireInvokerIam: {enforced: [organizations/77]}}\nprojects: [{id: pay, ancestors: [organizations/78]}]", ""},
	} {
		r := replayedBy(t, replay.Config{Facts: facts(t, tt.file)}, lines(t, published("p", 5, "api")))
		if got := verdictOn(r, "p"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if tt.want == "unknown" && !strings.Contains(strings.Join(r.Findings[0].Reasons, " "), "which may lie in organizations/77: add `ancestors` to it") {
			t.Errorf("%s: %q", name, r.Findings[0].Reasons)
		}
	}
}

// verdictOn is what no-public-invoker says of one entry.
func verdictOn(r replay.Report, insertID string) string {
	for _, f := range r.Findings {
		if f.InsertID == insertID && f.Policy == "no-public-invoker" {
			return string(f.Verdict)
		}
	}
	return ""
}

// Since and Until bound what is judged, not what is known.
func TestAConstraintFromOutsideOfTheTimeAskedForCounts(t *testing.T) {
	text := lines(t, constrained("c", 1, "projects/pay", off), published("p", 5, "api"), constrained("d", 8, "projects/pay", on))
	cfg := replay.Config{Facts: facts(t, enforcedFacts), Since: minute(4), Until: minute(6)}
	if r := replayedBy(t, cfg, text); len(r.Findings) != 0 || r.Summary.Outside != 2 || r.Summary.Learned.Constraints != 2 {
		t.Errorf("found %v; %d outside, %d learned, want none, 2 and 2", told(r), r.Summary.Outside, r.Summary.Learned.Constraints)
	}
}

// An entry without a time counts as stale, as it does live: it is judged by what
// is in force in the end.
func TestAnEntryWithoutATimeIsJudgedByTheEndOfTheHistory(t *testing.T) {
	opened := published("p", 0, "api")
	delete(opened, "timestamp")
	for want, rule := range map[string]object{"violation": on, "": off} {
		first := constrained("c", 1, "projects/pay", object{"enforce": rule["enforce"] != true})
		if got := verdictOn(replayed(t, lines(t, first, constrained("d", 8, "projects/pay", rule), opened)), "p"); got != want {
			t.Errorf("verdict %q where it ends %v, want %q", got, rule, want)
		}
	}
}

// A reason names what it rests on, so that a person can check it.
func TestAVerdictSaysWhereItKnowsTheConstraintFrom(t *testing.T) {
	cfg := func(text string) replay.Config { return replay.Config{Facts: facts(t, text)} }
	for name, tt := range map[string]struct {
		cfg     replay.Config
		changes []object
		want    string
	}{
		"the file":           {cfg(enforcedFacts), nil, "is enforced for pay (facts file f.yaml: projects/pay)"},
		"the history":        {cfg(enforcedFacts), []object{constrained("c", 3, "projects/pay", on)}, "is enforced for pay (learned: projects/pay set it"},
		"nothing, no file":   {replay.Config{}, nil, "there is no facts file, and the history shows no earlier change of it"},
		"nothing in it":      {cfg("projects: [{id: pay}]"), nil, "f.yaml does not list the constraint"},
		"another project":    {cfg("constraints: {run.managed.requireInvokerIam: {enforced: [projects/x]}}"), nil, "f.yaml does not list the project"},
		"a change unclear":   {cfg(enforcedFacts), []object{constrained("c", 3, "projects/pay", conditional)}, "projects/pay changed it at 2026-11-20T10:03:00Z, and what is in force since cannot be told"},
		"only a later entry": {replay.Config{}, []object{constrained("c", 6, "projects/pay", on)}, "the history shows no earlier change of it"},
	} {
		r := replayedBy(t, tt.cfg, lines(t, append(tt.changes, published("p", 5, "api"))...))
		reasons := ""
		for _, f := range r.Findings {
			if f.Policy == "no-public-invoker" {
				reasons += strings.Join(f.Reasons, "\n")
			}
		}
		if !strings.Contains(reasons, tt.want) {
			t.Errorf("%s: reasons\n%s\nwant: %s", name, reasons, tt.want)
		}
	}
}

// What can only be guessed is asked about at most, whatever the enforcement.
func TestNothingUnknownIsEverReverted(t *testing.T) {
	for text, want := range map[string]string{enforcedFacts: "revert", "": "ask"} {
		r := replayedBy(t, replay.Config{Policies: reverting(t), Facts: facts(t, text)}, lines(t, private("c", 1, "api"), published("p", 5, "api")))
		if len(r.Findings) != 1 || string(r.Findings[0].Decision) != want {
			t.Errorf("with %q: %+v, want one finding to %s", text, r.Findings, want)
		}
	}
}
