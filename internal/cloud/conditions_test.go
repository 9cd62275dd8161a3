package cloud

import (
	"slices"
	"testing"
	"time"
)

func TestALostConditionIsRememberedUntilItIsGivenBack(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	plain := Grant{Role: "roles/run.invoker", Member: "user:eve@example.com"}
	narrow := plain
	narrow.Condition = Condition{Title: "pilot", Expression: "resource.name == 'x'"}
	other := Grant{Role: "roles/run.viewer", Member: "user:eve@example.com"}
	delta := func(id string, after time.Duration, ds ...Delta) Change {
		return Change{ID: id, Time: noon.Add(after), HasDelta: true, Deltas: ds}
	}
	whole := func(id string, after time.Duration, grants ...Grant) Change {
		p := &AllowPolicy{}
		for _, g := range grants {
			p.Bindings = append(p.Bindings, Binding{Role: g.Role, Members: []Member{g.Member}, Condition: g.Condition})
		}
		return Change{ID: id, Time: noon.Add(after), Policy: p}
	}
	add, remove := func(g Grant) Delta { return Delta{Action: Add, Grant: g} }, func(g Grant) Delta { return Delta{Action: Remove, Grant: g} }
	for _, tt := range []struct {
		name string
		tell []Change
		want []Grant // lost, for the last change
	}{
		{"in two entries with deltas", []Change{delta("a", 0, remove(narrow)), delta("b", time.Hour, add(plain))}, []Grant{narrow}},
		{"the same entry again", []Change{delta("a", 0, remove(narrow)), delta("b", time.Hour, add(plain)), delta("b", time.Hour, add(plain))}, []Grant{narrow}},
		{"an entry after that", []Change{delta("a", 0, remove(narrow)), delta("b", time.Hour, add(plain)), delta("c", time.Hour, add(plain))}, nil},
		{"given back in between", []Change{delta("a", 0, remove(narrow)), delta("b", 1, add(narrow)), delta("c", 2, add(plain))}, nil},
		{"too long ago", []Change{delta("a", 0, remove(narrow)), delta("b", LostWithin+1, add(plain))}, nil},
		{"by whole policies, in one entry", []Change{whole("a", 0, narrow, other), whole("b", 1, plain, other)}, []Grant{narrow}},
		{"by whole policies, in two entries", []Change{whole("a", 0, narrow), whole("b", 1, other), whole("c", 2, plain)}, []Grant{narrow}},
		{"which had the grant without it all along", []Change{whole("a", 0, narrow, plain), whole("b", 1, plain)}, nil},
		{"which is still there", []Change{whole("a", 0, narrow), whole("b", 1, narrow, plain)}, nil},
		{"of a change that shows nothing", []Change{delta("a", 0, remove(narrow)), {ID: "b"}}, nil},
	} {
		var k Conditions
		var lost []Grant
		for _, c := range tt.tell {
			k, lost = k.After(c)
		}
		if !slices.Equal(lost, tt.want) {
			t.Errorf("%s: lost %v, want %v", tt.name, lost, tt.want)
		}
	}
}
