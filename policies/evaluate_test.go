package policies

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestTheBuiltInPoliciesPassTheirSamples(t *testing.T) {
	s := load(t)
	if n := len(shippedRules()); n != 11 {
		t.Errorf("%d built-in policies", n)
	}
	for _, r := range s.Test(nil) {
		if !r.OK {
			t.Errorf("%s (%s:%d): got %s, want %s\n%s", r.Name, r.File, r.Line, r.Got, r.Want, strings.Join(r.Reasons, "\n"))
		}
	}
	for _, p := range policiesOf(shippedRules()) {
		if !p.BuiltIn || p.Enforcement != Audit || p.Title == "" || p.Severity == "" || !strings.Contains(p.Rationale, "https://") || len(p.Remediation) == 0 {
			t.Errorf("built-in policy %s is not complete: %+v", p.Name, p)
		}
	}
}

func TestADeletedMemberHasNoAddress(t *testing.T) {
	g := cloud.Grant{Role: "roles/run.invoker", Member: "deleted:user:ada@example.com?uid=1"}
	s := load(t, one(`change.added.exists(g, g.member.deleted && g.member.email == "" && g.member.type == "deleted")`))
	if r := verdict(s, "mine", Input{Change: setPolicy(g)}); r.Verdict != Violation {
		t.Errorf("%q: %q", r.Verdict, r.Reasons)
	}
}

func TestWhatWasDeletedViolatesNothing(t *testing.T) {
	c := setPolicy(public)
	c.Verb = cloud.Delete
	if got := load(t, one("true")).Evaluate(Input{Change: c, Facts: enforced}); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAViolationNamesThePartsToBlame(t *testing.T) {
	off := setPolicy(private)
	off.Verb, off.Policy = cloud.Update, nil
	off.Workload = &cloud.Workload{InvokerCheckDisabled: cloud.KnownFlag(true), Identity: cloud.KnownIdentity("1-compute@developer.gserviceaccount.com")}
	for _, tt := range []struct {
		name   string
		policy string
		change cloud.Change
		want   Result
	}{
		{"each grant that violates alone", "no-public-invoker", setPolicy(private, public, anyone), Result{Grants: []cloud.Grant{anyone, public}}},
		{"the invoker check", "no-public-invoker", off, Result{InvokerCheck: true}},
		{"the identity", "no-default-service-account", off, Result{Identity: true}},
		{"nothing, when the whole is at fault", "mine", setPolicy(private, public), Result{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := verdict(load(t, one(`resource.location == "europe-west1"`)), tt.policy, Input{Change: tt.change, Facts: enforced})
			got := Result{Grants: r.Grants, InvokerCheck: r.InvokerCheck, Identity: r.Identity}
			if diff := cmp.Diff(tt.want, got); r.Verdict != Violation || diff != "" {
				t.Errorf("%s (-want +got):\n%s", r.Verdict, diff)
			}
		})
	}
}

func TestOneSetServesManyAtOnce(t *testing.T) {
	s := load(t)
	want := verdict(s, "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced})
	done := make(chan string)
	for range 8 {
		go func() {
			diff := ""
			for range 50 {
				diff += cmp.Diff(want, verdict(s, "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced}))
			}
			done <- diff
		}()
	}
	for range 8 {
		if diff := <-done; diff != "" {
			t.Error(diff)
		}
	}
}

func TestAResultSaysWhatItTakesToAnswer(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + good + "    step_up: iap\n" +
		"  - {name: other, title: Other, severity: low, on: [run.service], when: \"true\"}\n")})
	change := cloud.Change{Verb: cloud.Update, Resource: cloud.RunResource(cloud.RunService, "p", "l", "s")}
	got := map[string]StepUp{}
	for _, r := range s.Evaluate(Input{Change: change, Now: time.Unix(0, 0)}) {
		got[r.Policy] = r.StepUp
	}
	if got["mine"] != StepUpIAP || got["other"] != "" {
		t.Errorf("step up by policy: %v", got)
	}
}

// Two objects are equal when what they show is: a grant's role does not differ
// from the same role of another grant.
func TestObjectsAreComparedByWhatTheyShow(t *testing.T) {
	limited := public
	limited.Condition = cloud.Condition{Expression: "false"}
	grants := []cloud.Grant{private, public, limited, {Role: "roles/run.viewer", Member: public.Member}}
	for part, same := range map[string]func(a, b cloud.Grant) bool{
		"":           func(a, b cloud.Grant) bool { return a == b },
		".role":      func(a, b cloud.Grant) bool { return a.Role == b.Role },
		".member":    func(a, b cloud.Grant) bool { return a.Member == b.Member },
		".condition": func(a, b cloud.Grant) bool { return a.Condition == b.Condition },
	} {
		s := load(t, one("change.added[0]"+part+" == change.removed[0]"+part))
		for _, a := range grants {
			for _, b := range grants {
				c := cloud.Change{Resource: cloud.ProjectResource("pay"), Verb: cloud.SetPolicy, HasDelta: true, Deltas: []cloud.Delta{
					{Action: cloud.Add, Grant: a}, {Action: cloud.Remove, Grant: b},
				}}
				if got := verdict(s, "mine", Input{Change: c}).Verdict == Violation; got != same(a, b) {
					t.Errorf("%v%s equals %v%s: %t", a, part, b, part, got)
				}
			}
		}
	}
}
