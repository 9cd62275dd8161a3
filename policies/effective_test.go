package policies

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const inForce = `apiVersion: rescind/v1
policies:
  - name: no-public-invoker
    enforcement: revert
    overrides:
      - {scope: folders/1, enforcement: approve}
      - {scope: projects/lab, enforcement: audit}
    exemptions:
      - {resource: run.googleapis.com/projects/pay/locations/*/services/hook, owner: a, reason: here, expires: 2027-03-31}
      - {resource: run.googleapis.com/projects/p*/locations/*/services/hook, owner: b, reason: by a star, expires: 2026-12-01}
      - {resource: run.googleapis.com/projects/pay/locations/*/services/old, owner: c, reason: over, expires: 2026-01-01}
      - {resource: run.googleapis.com/projects/pay-prod/locations/*/services/hook, owner: d, reason: elsewhere, expires: 2027-03-31}
  - {name: folders-only, title: F, severity: low, on: [folder], when: change.hasDelta}
  - {name: in-pay, title: P, severity: low, on: [run.service, folder], when: 'resource.project == "pay" && workload.ingress == "all"'}
`

// inPay is what is known of projects/pay: it is in folders/1, and its
// constraint is as told.
func inPay(enforced bool) func(Question) Fact {
	return func(q Question) Fact {
		switch {
		case q.Kind == Ancestors && q.Name == "projects/pay":
			return Fact{Known: true, List: []string{"folders/1", "organizations/7"}, Source: "facts.yaml"}
		case q.Kind == ConstraintEnforced && q.Project == "pay":
			return Fact{Known: true, Value: enforced, Source: "facts.yaml"}
		}
		return Fact{Why: "facts.yaml does not say"}
	}
}

// effective writes what applies in a project, a line each.
func effective(t *testing.T, project string, fact func(Question) Fact) string {
	t.Helper()
	all, err := load(t, File{"p.yaml", []byte(inForce)}).Effective(project, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), fact)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, x := range all[3:] { // the first three built-in ones are as shipped
		fmt.Fprintf(&out, "%s: %s by %q, idle %t, on %v\n", x.Policy.Name, x.Enforcement, x.EnforcedBy, x.Idle, x.Kinds)
		for _, f := range x.Facts {
			fmt.Fprintf(&out, "  %s\n", f.Text)
		}
		for _, why := range x.Unsure {
			fmt.Fprintf(&out, "  unsure: %s\n", why)
		}
		for _, e := range x.Exemptions {
			fmt.Fprintf(&out, "  %s (%s), expired %t, ending %t\n", e.Reason, e.Owner, e.Expired, e.Ending)
		}
	}
	return out.String()
}

func TestEffectiveSaysWhatAppliesInAProject(t *testing.T) {
	for _, tt := range []struct {
		name, project string
		fact          func(Question) Fact
		want          string
	}{
		{"by the folder's override, and the exemptions of this project alone", "pay", inPay(true), `
no-public-invoker: approve by "folders/1", idle false, on [run.service run.job run.workerPool run.instance]
  projects/pay is in folders/1, organizations/7 (facts.yaml)
  run.managed.requireInvokerIam is enforced for pay (facts.yaml)
  here (a), expired false, ending false
  by a star (b), expired false, ending true
  over (c), expired true, ending false
folders-only:  by "", idle false, on []
in-pay: audit by "", idle false, on [run.service]
`},
		{"idle where the constraint it rests on is not enforced", "pay", inPay(false), `
no-public-invoker: approve by "folders/1", idle true, on [run.service run.job run.workerPool run.instance]
  projects/pay is in folders/1, organizations/7 (facts.yaml)
  run.managed.requireInvokerIam is not enforced for pay (facts.yaml)
  here (a), expired false, ending false
  by a star (b), expired false, ending true
  over (c), expired true, ending false
folders-only:  by "", idle false, on []
in-pay: audit by "", idle false, on [run.service]
`},
		{"by the project's own override, whatever is unknown", "lab", inPay(true), `
no-public-invoker: audit by "projects/lab", idle false, on [run.service run.job run.workerPool run.instance]
  what the ancestors of projects/lab are is unknown: facts.yaml does not say
  whether run.managed.requireInvokerIam is enforced for lab is unknown: facts.yaml does not say
folders-only:  by "", idle false, on []
in-pay: audit by "", idle true, on [run.service]
`},
		{"no more than approve while the ancestors are unknown", "play", inPay(true), `
no-public-invoker: approve by "", idle false, on [run.service run.job run.workerPool run.instance]
  what the ancestors of projects/play are is unknown: facts.yaml does not say
  whether run.managed.requireInvokerIam is enforced for play is unknown: facts.yaml does not say
  unsure: what the ancestors of projects/play are is unknown: facts.yaml does not say, so overrides for folders and organizations could not be checked
  by a star (b), expired false, ending true
folders-only:  by "", idle false, on []
in-pay: audit by "", idle true, on [run.service]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), effective(t, tt.project, tt.fact)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What effective says of a project is what a violation there would come to.
func TestEffectiveSaysWhatEvaluateWould(t *testing.T) {
	rnd := rand.New(rand.NewPCG(61, 62))
	for range 100 {
		own := []Enforcement{Audit, Approve, Revert}[rnd.IntN(3)]
		var lines []string
		for _, scope := range pick(rnd, scopes) {
			lines = append(lines, fmt.Sprintf("{scope: %s, enforcement: %s}", scope, []Enforcement{Audit, Approve, Revert}[rnd.IntN(3)]))
		}
		s := load(t, one("true", "enforcement: "+string(own), "overrides: ["+strings.Join(lines, ", ")+"]"))
		facts := Facts{payAncestors: {Known: rnd.IntN(3) > 0, List: []string{"folders/12", "organizations/7"}, Why: "refused"}}
		all, err := s.Effective("pay", noon, func(q Question) Fact { return facts[q] })
		if err != nil {
			t.Fatal(err)
		}
		got, want := all[len(all)-1], verdict(s, "mine", Input{Change: cloud.Change{Resource: service, Verb: cloud.Update}, Facts: facts})
		if got.Enforcement != want.Enforcement || got.EnforcedBy != want.EnforcedBy || got.Idle || (got.Unsure != nil) != (len(want.Needs) > 0) {
			t.Fatalf("overrides %v, facts %v:\n%s by %q, unsure %v, idle %t\nevaluated %s by %q, needs %v",
				lines, facts, got.Enforcement, got.EnforcedBy, got.Unsure, got.Idle, want.Enforcement, want.EnforcedBy, want.Needs)
		}
	}
}

// Where effective calls a policy idle, none of its samples is anything but
// compliant with the same facts.
func TestWhatIsIdleIsNeverViolated(t *testing.T) {
	idle := 0
	for _, r := range shippedRules() {
		for _, sample := range r.samples {
			project := sample.change.Resource.Project
			if project == "" {
				continue
			}
			facts := func(q Question) Fact { return sample.facts.Answer(q) }
			all, err := newSet([]*rule{r}).Effective(project, sample.now, facts)
			if err != nil {
				t.Fatal(err)
			}
			if !all[0].Idle {
				continue
			}
			idle++
			if sample.want != Compliant {
				t.Errorf("%s/%s: idle in %s, and the sample wants %q", r.Name, sample.name, project, sample.want)
			}
		}
	}
	if idle < 2 {
		t.Errorf("idle for %d samples", idle)
	}
}

// While nobody knows what is above a project, nobody knows whether an override
// is either: what asks for one is not idle.
func TestNothingThatAsksForAnOverrideIsIdleWhileThereMayBeOne(t *testing.T) {
	s := load(t, one("overridden && change.hasDelta", "overrides: [{scope: folders/1, enforcement: approve}]"))
	for _, tt := range []struct {
		ancestors Fact
		idle      bool
	}{
		{Fact{Why: "refused"}, false},
		{Fact{Known: true, List: []string{"folders/1", "organizations/7"}}, false},
		{Fact{Known: true, List: []string{"folders/2", "organizations/7"}}, true},
	} {
		all, err := s.Effective("pay", noon, func(Question) Fact { return tt.ancestors })
		if err != nil {
			t.Fatal(err)
		}
		if got := all[len(all)-1]; got.Idle != tt.idle {
			t.Errorf("with %+v: idle %t", tt.ancestors, got.Idle)
		}
	}
}
