package judge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// randomGrants are up to n of few grants, so that sets of them overlap.
func randomGrants(rng *rand.Rand, n int) []cloud.Grant {
	var out []cloud.Grant
	for range rng.IntN(n + 1) {
		g := cloud.Grant{Role: fmt.Sprint("roles/", rng.IntN(2)), Member: cloud.Member(fmt.Sprint("user:", rng.IntN(3)))}
		if rng.IntN(2) == 0 {
			g.Condition = cloud.Condition{Title: "t", Expression: fmt.Sprint("request.time.getHours() < ", rng.IntN(2))}
		}
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return out
}

func policyOf(gs []cloud.Grant) cloud.AllowPolicy {
	p, _ := cloud.AllowPolicy{Version: 3}.Apply(cloud.Deltas(cloud.Add, gs))
	return p
}

func TestTheInverseOfWhatWasDoneIsTheStateBefore(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 2))
	for range 2000 {
		before := policyOf(randomGrants(rng, 6))
		step := Step{Kind: policies.RemoveGrants, Before: StepState{Grants: randomGrants(rng, 4)}}
		left, ok := Snapshot{Policy: &before}.Remaining(step)
		after, effective := before.Apply(step.Deltas())
		if ok != (len(effective) > 0) {
			t.Fatalf("%v leaves something to do of %v: %t", before.Grants(), step, ok)
		}
		if !ok {
			continue
		}
		back, _ := after.Apply(left.Inverse().Deltas())
		if d := cmp.Diff(before.Grants(), back.Grants()); d != "" {
			t.Fatalf("undone (-before +after):\n%s\nstep: %+v", d, step)
		}
		if d := cmp.Diff(step, step.Inverse().Inverse()); d != "" {
			t.Fatalf("the inverse of the inverse is another step:\n%s", d)
		}
	}
}

func TestWhatIsWrittenInSeveralAttemptsAddsUp(t *testing.T) {
	api := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	a, b := cloud.Grant{Role: "roles/a", Member: "allUsers"}, cloud.Grant{Role: "roles/b", Member: "allUsers"}
	grants := func(gs ...cloud.Grant) Step {
		return Step{Kind: policies.RemoveGrants, Resource: api, Before: StepState{Grants: gs}}
	}
	account := Step{Kind: policies.RestoreIdentity, Resource: api, Before: StepState{ServiceAccount: "x"}, After: StepState{ServiceAccount: "y"}}
	for _, tt := range []struct {
		name              string
		before, now, want []Step
	}{
		{"nothing and nothing", nil, nil, nil},
		{"the first", nil, []Step{grants(a)}, []Step{grants(a)}},
		{"an attempt that found nothing left to do", []Step{grants(a)}, nil, []Step{grants(a)}},
		{"the same again", []Step{grants(a)}, []Step{grants(a)}, []Step{grants(a)}},
		{"one more grant", []Step{grants(a)}, []Step{grants(a, b)}, []Step{grants(a, b)}},
		{"another step", []Step{grants(a)}, []Step{account}, []Step{grants(a), account}},
		{"an account once more", []Step{account}, []Step{account}, []Step{account}},
	} {
		if d := cmp.Diff(tt.want, MergeSteps(tt.before, tt.now)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
}
