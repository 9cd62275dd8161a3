package policies

import (
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestEachConstraintThatABuiltInPolicyRestsOnIsGuarded(t *testing.T) {
	c, err := theCompiler()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProspect(c)
	if err != nil {
		t.Fatal(err)
	}
	rests := 0
	for _, r := range shippedRules() {
		for _, name := range c.anyConstraints(r.When) {
			rests++
			if guarded, err := load(t).guards(p, name); err != nil || !guarded {
				t.Errorf("%s rests on %s: guarded %t, %v", r.Name, name, guarded, err)
			}
		}
	}
	if rests < 3 {
		t.Errorf("built-in policies rest on %d constraints", rests)
	}
}

func TestAPolicyThatRestsOnAnUnguardedConstraintIsNamed(t *testing.T) {
	const egress = "run.allowedVPCEgress"
	rests := one(`constraint("` + egress + `").allows("all-traffic") && workload.ingress == "all" || constraint("run.allowedIngress", "p").allows("all")`)
	for _, tt := range []struct {
		name  string
		files []File
		want  []string
	}{
		{"none of files", nil, nil},
		{"one that rests on it", []File{rests}, []string{egress}},
		{"with another that guards it", []File{rests, {Name: "guard.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - name: guard
    title: Egress stays guarded
    severity: high
    on: [orgPolicy]
    when: change.constraint.loosened && change.constraint.name == "` + egress + `"
`)}}, nil},
	} {
		got, err := load(t, tt.files...).Unguarded()
		if err != nil || len(got) != len(tt.want) || !slices.EqualFunc(got, tt.want, strings.Contains) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	if on := load(t).byKind[cloud.OrgPolicy]; len(on) != 1 {
		t.Errorf("%d policies guard constraints without a file", len(on))
	}
}
