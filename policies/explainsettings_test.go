package policies

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// An explanation says of each override and exemption whether it decided, and if not why.
func TestAnExplanationSaysWhatCameOfEachOverrideAndExemption(t *testing.T) {
	s := load(t, File{Name: "p.yaml", Data: []byte(head + `  - name: no-public-invoker
    overrides:
      - {scope: organizations/77, enforcement: approve}
      - {scope: folders/4001, enforcement: revert}
      - {scope: projects/lab, enforcement: approve}
    exemptions:
      - {resource: run.googleapis.com/projects/pay/locations/*/jobs/*, owner: jobs, reason: r, expires: 2027-03-31}
      - {resource: run.googleapis.com/projects/pay/locations/*/services/web, owner: web, reason: r, expires: 2027-03-31}
      - {resource: run.googleapis.com/projects/pay/locations/*/services/api, owner: old, reason: r, expires: 2026-03-31}
      - {resource: run.googleapis.com/projects/pay/locations/*/services/api, owner: other, reason: r, expires: 2027-03-31, members: ["user:ada@example.com"]}
      - {resource: run.googleapis.com/projects/pay/locations/*/services/api, owner: team, reason: r, expires: 2027-03-31, members: [allUsers]}
`)})
	service := cloud.RunResource(cloud.RunService, "pay", "l", "api")
	grant := cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	in := Input{Now: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC),
		Change: cloud.Change{Resource: service, Verb: cloud.SetPolicy, HasDelta: true, Deltas: cloud.Deltas(cloud.Add, []cloud.Grant{grant})},
		Facts: Facts{
			{Kind: Ancestors, Name: "projects/pay"}:                                           {Known: true, List: []string{"folders/4001", "organizations/77"}},
			{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}: {Known: true, Value: true},
		}}
	xs, err := s.Explain(in, "no-public-invoker")
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{"organizations/77: approve: that for folders/4001 is nearer", false},
		{"folders/4001: revert", true},
		{"projects/lab: approve: projects/pay is not in it", false},
	}
	if d := cmp.Diff(want, xs[0].Overrides); d != "" {
		t.Errorf("overrides (-want +got):\n%s", d)
	}
	var why []string
	for _, x := range xs[0].Exemptions {
		_, said, _ := strings.Cut(x.Text, " (owner ")
		if x.Applies {
			said += " <--"
		}
		why = append(why, said)
	}
	if d := cmp.Diff([]string{
		"jobs): it is for a run.job", "web): it is for another resource", "old): exemption by old expired on 2026-03-31",
		"other): nothing that violates is of its members and roles", "team) <--",
	}, why); d != "" {
		t.Errorf("exemptions (-want +got):\n%s", d)
	}
	in.Facts = Facts{}
	if xs, err = s.Explain(in, "no-public-invoker"); err != nil || xs[0].Overrides[1].Applies || !strings.Contains(xs[0].Overrides[1].Text, "unknown") {
		t.Errorf("with unknown ancestors: %+v, %v", xs[0].Overrides, err)
	}
}
