package finding

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAQuerySelectsByEveryFieldThatIsSet(t *testing.T) {
	f := in(state.Pending)
	f.Policy, f.CreatedAt = "public", noon
	for _, tt := range []struct {
		name string
		q    Query
		want bool
	}{
		{"nothing is asked", Query{}, true},
		{"its state", Query{States: []state.State{state.Kept, state.Pending}}, true},
		{"another state", Query{States: []state.State{state.Kept}}, false},
		{"its policy", Query{Policy: "public"}, true},
		{"another policy", Query{Policy: "publi"}, false},
		{"its project", Query{Project: "pay-prod"}, true},
		{"another project", Query{Project: "pay"}, false},
		{"its resource", Query{Resource: cloud.ProjectResource("pay-prod")}, true},
		{"another resource", Query{Resource: cloud.FolderResource("12")}, false},
		{"since it was opened", Query{Since: noon}, true},
		{"since later", Query{Since: noon.Add(1)}, false},
		{"until it was opened", Query{Until: noon}, false},
		{"until later", Query{Until: noon.Add(1)}, true},
		{"after itself", Query{After: f.Position()}, false},
		{"after one that is newer", Query{After: Position{noon.Add(1), "a"}}, true},
		{"after one that is older", Query{After: Position{noon.Add(-1), "a"}}, false},
		{"one field of two is another", Query{Policy: "public", Project: "pay"}, false},
	} {
		if got := tt.q.Matches(f); got != tt.want {
			t.Errorf("%s: selected %t", tt.name, got)
		}
	}
}

func TestAListIsNewestFirstAndThenByID(t *testing.T) {
	order := []Position{{noon.Add(time.Hour), "b"}, {noon, "a"}, {noon, "b"}, {noon.Add(-time.Hour), "a"}}
	for i, p := range order {
		for j, o := range order {
			if got := p.Precedes(o); got != (i < j) {
				t.Errorf("%v precedes %v: %t", p, o, got)
			}
		}
	}
	east := Position{noon.In(time.FixedZone("east", 3600)), "a"}
	if !east.Precedes(Position{noon, "b"}) || east.Precedes(Position{noon, "a"}) {
		t.Error("the zone of a time is part of the order")
	}
}
