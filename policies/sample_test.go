package policies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesStateTheWholeOfAChange(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + `  - name: mine
    title: Mine
    severity: low
    on: [run.service, orgPolicy]
    when: >-
      workload.labels["env"] == "prod" && workload.identity.email == "a@p.iam.gserviceaccount.com" &&
      workload.ingress == "internal" && actor.principal == "user:eve@example.com" && ancestors == ["folders/1"] ||
      change.constraint.name == "run.managed.requireInvokerIam" && !change.constraint.enforced
    enforcement: approve
    overrides: [{scope: folders/1, enforcement: revert}]
    tests:
      - name: all of it
        change:
          resource: run.googleapis.com/projects/p/locations/l/services/s
          verb: replace
          identity: a@p.iam.gserviceaccount.com
          ingress: internal
          labels: {env: prod}
          controller: Cloud Functions
          actor: user:eve@example.com
        facts: {ancestors: [folders/1]}
        want: violation
        enforcement: revert
      - name: without the facts
        change:
          resource: run.googleapis.com/projects/p/locations/l/services/s
          verb: replace
          identity: a@p.iam.gserviceaccount.com
          ingress: internal
          labels: {env: prod}
          actor: user:eve@example.com
        want: unknown
        enforcement: approve
      - name: a constraint loosened
        change:
          resource: orgpolicy.googleapis.com/projects/p/policies/run.managed.requireInvokerIam
          verb: setOrgPolicy
          constraint: {name: run.managed.requireInvokerIam, enforced: false}
        want: violation
      - name: a constraint deleted
        change:
          resource: orgpolicy.googleapis.com/projects/p/policies/run.managed.requireInvokerIam
          verb: delete
          constraint: {name: run.managed.requireInvokerIam, enforced: unknown}
        want: unknown
      - name: a wrong one
        change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: create, ingress: all, labels: {env: test}}
        want: violation
`)})
	got := map[string]string{}
	for _, r := range s.Test(func(name string) bool { return name[:4] == "mine" }) {
		got[r.Name] = r.Got
		if r.OK != (r.Name != "mine/a wrong one") {
			t.Errorf("%s: got %s, want %s: %q", r.Name, r.Got, r.Want, r.Reasons)
		}
		if r.File != "f.yaml" || r.Line == 0 {
			t.Errorf("%s is at %s:%d", r.Name, r.File, r.Line)
		}
	}
	want := map[string]string{
		"mine/all of it":             "violation, enforcement revert",
		"mine/without the facts":     "unknown, enforcement approve",
		"mine/a constraint loosened": "violation",
		"mine/a constraint deleted":  "unknown",
		"mine/a wrong one":           "compliant",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
}

func TestTheSamplesOfABuiltInPolicyAreAboutItAsShipped(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + `  - name: no-default-service-account
    enforcement: revert
    exemptions:
      - {resource: run.googleapis.com/projects/*/locations/*/services/*, owner: o, reason: r, expires: 2099-01-01}
`)})
	for _, r := range s.Test(nil) {
		if !r.OK {
			t.Errorf("%s: got %s, want %s", r.Name, r.Got, r.Want)
		}
	}
}

// What a sample does not mention was not touched; what it calls unknown is.
func TestWhatASampleDoesNotMentionWasNotTouched(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + strings.Replace(good, `"true"`, "workload.identity.default || change.invokerCheckDisabled || change.added.size() > 0", 1) + `    tests:
      - {name: an update, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update}, want: compliant}
      - {name: an update of its ingress, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, ingress: all}, want: compliant}
      - {name: an empty policy, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: setIamPolicy, policy: []}, want: compliant}
      - {name: an empty delta, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: setIamPolicy, added: []}, want: compliant}
      - {name: neither, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: setIamPolicy}, want: unknown}
      - {name: an unknown account, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, identity: unknown}, want: unknown}
      - {name: an account left out, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: create, identity: unset}, want: violation}
      - {name: an account as it was, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, identity: unchanged}, want: compliant}
      - {name: an unknown check, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, invokerCheckDisabled: unknown}, want: unknown}
      - {name: a check as it was, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, invokerCheckDisabled: unchanged}, want: compliant}
      - {name: grants left open, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: setIamPolicy, added: [], unread: [grants]}, want: unknown}
`)})
	ran := 0
	for _, r := range s.Test(func(name string) bool { return strings.HasPrefix(name, "mine/") }) {
		ran++
		if !r.OK {
			t.Errorf("%s: got %s, want %s: %q", r.Name, r.Got, r.Want, r.Reasons)
		}
	}
	if ran != 11 {
		t.Errorf("%d samples ran", ran)
	}
}
