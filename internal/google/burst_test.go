package google

import (
	"fmt"
	"sync"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

// A minute of 60 compliant SetIamPolicy a second, in 60 projects below two folders and
// many at once: what they have in common is read once, and nothing that one of them
// changes has it read again.
func TestInABurstWhatEventsHaveInCommonIsReadOnce(t *testing.T) {
	const projects, events = 60, 60
	w := newWorld(t, sim.Options{})
	for i := range projects {
		w.AddProject(fmt.Sprint("p-", i), fmt.Sprint(1000+i), fmt.Sprint("folders/", 1+i%2), "organizations/77")
	}
	w.mu.Lock()
	w.calls = nil
	w.mu.Unlock()
	var all sync.WaitGroup
	for i := range projects {
		for range events {
			all.Go(func() {
				id := fmt.Sprint("p-", i)
				w.client.Changed(cloud.Change{Verb: cloud.SetPolicy, Resource: cloud.RunResource(cloud.RunService, id, "europe-west1", "api")})
				for _, q := range []policies.Question{
					{Kind: policies.Ancestors, Name: "projects/" + id},
					{Kind: policies.ConstraintEnforced, Name: constraint, Project: id},
				} {
					if f := w.client.Fact(t.Context(), q); !f.Known {
						t.Errorf("%+v is unknown: %s", q, f.Why)
					}
				}
			})
		}
	}
	all.Wait()
	for method, want := range map[string]int{"Projects/GetProject": projects, "Folders/GetFolder": 2, "OrgPolicy/GetEffectivePolicy": projects} {
		if got := w.count(method); got != want {
			t.Errorf("%d of %s for %d events, want %d", got, method, projects*events, want)
		}
	}
	if len(w.calls) != 2*projects+2 {
		t.Errorf("%d reads for %d events, want %d", len(w.calls), projects*events, 2*projects+2)
	}
}
