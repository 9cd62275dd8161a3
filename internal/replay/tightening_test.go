package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// What is set and deleted here is of pay, in folders/2 in folders/1, where the file
// says that it is enforced, and of organizations/77, where it is not.
func TestR5WhatAHistoryShowsTellsTighteningFromLoosening(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	created := func(id string, minute int, at string, rules ...object) object {
		c := constrained(id, minute, at, rules...)
		c["protoPayload"].(object)["methodName"] = "google.cloud.orgpolicy.v2.OrgPolicy.CreatePolicy"
		return c
	}
	gone := func(at string) object {
		return call("x", 5, "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.DeletePolicy", at+"/policies/"+requireInvoker, nil)
	}
	weakening, err := policies.Load(policies.File{Name: "p.yaml",
		Data: []byte("apiVersion: rescind/v1\npolicies: [{name: no-constraint-weakening, enforcement: revert}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		changes []object
		want    string
	}{
		{"deleted below what enforces", []object{gone("projects/pay")}, compliant},
		{"deleted where nothing above enforces", []object{gone("folders/1")}, violation},
		{"an exception deleted where nothing above enforces", []object{constrained("a", 3, "folders/9", off), gone("folders/9")}, compliant},
		{"what enforced deleted there", []object{constrained("a", 3, "folders/9", on), gone("folders/9")}, violation},
		{"deleted in a folder that nobody knows", []object{gone("folders/5")}, unknown},
		{"deleted below a folder that stopped enforcing", []object{constrained("a", 3, "folders/1", off), gone("projects/pay")}, violation},
		{"deleted below a folder of which it cannot be told", []object{constrained("a", 3, "folders/1", conditional, off), gone("projects/pay")}, unknown},
		{"the first policy enforces under a condition", []object{created("x", 5, "organizations/77", conditional)}, compliant},
		{"the first policy enforces under one, and else not", []object{created("x", 5, "organizations/77", conditional, off)}, compliant},
		{"the same below what enforces", []object{created("x", 5, "projects/pay", conditional, off)}, violation},
		{"the same after what enforced", []object{constrained("a", 3, "folders/9", on), constrained("x", 5, "folders/9", conditional, off)}, violation},
		{"the same after nobody knows what", []object{constrained("x", 5, "folders/9", conditional, off)}, unknown},
		{"created not to enforce below what enforces", []object{created("x", 5, "projects/pay", off)}, violation},
		{"created not to enforce where nothing does", []object{created("x", 5, "projects/other", off)}, compliant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replayedBy(t, replay.Config{Policies: weakening, Facts: facts(t, hierarchy)}, lines(t, tt.changes...))
			got := ""
			for _, f := range r.Findings {
				if f.Policy == "no-constraint-weakening" && f.InsertID == "x" {
					got = string(f.Verdict)
				}
			}
			if got != tt.want {
				t.Errorf("%q, want %q: %+v", got, tt.want, r.Findings)
			}
		})
	}
}
