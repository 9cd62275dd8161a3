package cloud

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var untilNewYear = Condition{Title: "for a time", Expression: `request.time < timestamp("2027-01-01T00:00:00Z")`}

func TestRemovingAGrantTouchesNoOther(t *testing.T) {
	before := AllowPolicy{Version: 3, Etag: "e1", Bindings: []Binding{
		{Role: "roles/run.invoker", Members: []Member{"allUsers", "user:a@example.com"}},
		{Role: "roles/run.invoker", Members: []Member{"allUsers"}, Condition: untilNewYear},
		{Role: "roles/viewer", Members: []Member{"allUsers"}},
	}}
	after, effective := before.Apply(Deltas(Remove, []Grant{{Role: "roles/run.invoker", Member: "allUsers"}}))
	want := AllowPolicy{Version: 3, Etag: "e1", Bindings: []Binding{
		{Role: "roles/run.invoker", Members: []Member{"user:a@example.com"}},
		{Role: "roles/run.invoker", Members: []Member{"allUsers"}, Condition: untilNewYear},
		{Role: "roles/viewer", Members: []Member{"allUsers"}},
	}}
	if diff := cmp.Diff(want, after); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	if len(effective) != 1 {
		t.Errorf("effective: %v, want the one removal", effective)
	}
	if len(before.Bindings[0].Members) != 2 {
		t.Error("Apply changed the policy it was called on")
	}
}

func TestABindingWithoutMembersGoes(t *testing.T) {
	p := AllowPolicy{Bindings: []Binding{{Role: "roles/run.invoker", Members: []Member{"allUsers"}, Condition: untilNewYear}}}
	after, _ := p.Apply(Deltas(Remove, p.Grants()))
	if len(after.Bindings) != 0 {
		t.Errorf("left: %v", after.Bindings)
	}
}

func TestRemovingWhatIsNotThereChangesNothing(t *testing.T) {
	p := AllowPolicy{Version: 1, Bindings: []Binding{{Role: "roles/viewer", Members: []Member{"user:a@example.com"}}}}
	after, effective := p.Apply(Deltas(Remove, []Grant{{Role: "roles/viewer", Member: "user:a@example.com", Condition: untilNewYear}}))
	if len(effective) != 0 {
		t.Errorf("effective: %v, want none: the condition differs", effective)
	}
	if diff := cmp.Diff(p, after); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
}

func TestHiddenConditionsAreRecognised(t *testing.T) {
	p := AllowPolicy{Bindings: []Binding{{Role: "roles/run.invoker_withcond_904e15fd", Members: []Member{"allUsers"}}}}
	if !p.HidesConditions() {
		t.Error("a _withcond_ role passed for a plain one")
	}
}

// Applying deltas and then the inverse of those that had effect gives the
// grants one began with, whatever the policy and the deltas.
func TestApplyThenInverseIsTheSamePolicy(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	pick := func(n int) int { return rnd.IntN(n) }
	grant := func() Grant {
		g := Grant{Role: []string{"roles/a", "roles/b"}[pick(2)], Member: []Member{"allUsers", "user:x@example.com", "group:y@example.com"}[pick(3)]}
		if pick(3) == 0 {
			g.Condition = untilNewYear
		}
		return g
	}
	for range 2000 {
		var p AllowPolicy
		for range pick(6) {
			p, _ = p.Apply([]Delta{{Add, grant()}})
		}
		var ds []Delta
		for range pick(6) {
			ds = append(ds, Delta{[]Action{Add, Remove}[pick(2)], grant()})
		}
		after, effective := p.Apply(ds)
		back, _ := after.Apply(inverse(effective))
		if diff := cmp.Diff(p.Grants(), back.Grants()); diff != "" {
			t.Fatalf("policy %v, deltas %v: (-before +after undo)\n%s", p, ds, diff)
		}
		for _, g := range p.Grants() {
			named := slices.ContainsFunc(ds, func(d Delta) bool { return d.Grant == g })
			if !named && !after.Has(g) {
				t.Fatalf("policy %v, deltas %v: %s went and nobody named it", p, ds, g)
			}
		}
	}
}

// inverse undoes the deltas, last first.
func inverse(ds []Delta) (out []Delta) {
	for _, d := range slices.Backward(ds) {
		d.Action = map[Action]Action{Add: Remove, Remove: Add}[d.Action]
		out = append(out, d)
	}
	return out
}

func TestWithoutADeltaEveryGrantCountsAsAdded(t *testing.T) {
	p := &AllowPolicy{Bindings: []Binding{{Role: "roles/run.invoker", Members: []Member{"allUsers"}}}}
	if got := (Change{Policy: p}).Added(); len(got) != 1 {
		t.Errorf("added: %v, want the one grant of the policy", got)
	}
	if got := (Change{Policy: p, HasDelta: true}).Added(); len(got) != 0 {
		t.Errorf("added: %v, want none: the delta is known and empty", got)
	}
	if got := (Change{}).Added(); got != nil {
		t.Errorf("added: %v, want nothing to be claimed", got)
	}
}
