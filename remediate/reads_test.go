package remediate_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/state"
)

// A project's quota is what its own deploys live on, so what an event takes of it is
// counted where it leaves rescind. What is kept of Google Cloud is there already.
func TestWhatAnEventAsksGoogleCloud(t *testing.T) {
	t.Parallel()
	look := []string{"Services/GetService", "Revisions/ListRevisions"} // each of the two entries of a deploy takes one
	withEntries := func(s *setup) { s.Entries = s.Facts.(remediate.EntryClient) }
	for name, tt := range map[string]struct {
		change func(*rig)
		want   []string
		ends   state.State
	}{
		"a grant that is fine": {func(g *rig) { g.grant(apiPath, "roles/run.viewer", "user:ada@example.com") },
			[]string{"Services/GetIamPolicy"}, ""},
		"a deploy that is fine": {func(g *rig) { g.deploy(apiAccount) },
			slices.Concat(look, look, []string{"Projects/GetIamPolicy"}), ""},
		"a grant that is reverted": {func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") },
			[]string{"Services/GetIamPolicy", "LoggingServiceV2/ListLogEntries", "Services/GetIamPolicy", "Services/SetIamPolicy", "Services/GetIamPolicy"}, state.Reverted},
		// Google rehearses and makes the update; its second entry comes when all is over.
		"a deploy that is reverted": {func(g *rig) { g.deploy(defaultAccount) }, slices.Concat(look, []string{"LoggingServiceV2/ListLogEntries"}, look,
			[]string{"Services/UpdateService", "Services/UpdateService"}, look, look, []string{"Projects/GetIamPolicy"}), state.Reverted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, set{public: policies.Revert, identity: policies.Revert}, withEntries)
			tt.change(g) // what it takes the first time is kept
			g.deliver()
			g.pass(10 * time.Second)
			tt.change(g)
			got := g.sentBy(func() {
				if fs := g.deliver(); len(fs) > 0 {
					g.want(fs[0], tt.ends, "")
				}
			})
			slices.Sort(got) // some are sent at once
			slices.Sort(tt.want)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("sent (-want +got):\n%s", d)
			}
		})
	}
}

// Many at once have the facts in common, and each reads what it is about.
func TestInABurstAnEventThatIsFineTakesOneReadOfItsOwn(t *testing.T) {
	t.Parallel()
	const projects, each = 12, 5
	g := newRig(t, set{public: policies.Revert, editor: policies.Revert})
	for i := range projects {
		id := fmt.Sprint("p-", i)
		g.cloud.AddProject(id, fmt.Sprint(700+i), "folders/4001", "organizations/77")
		path := cloud.RunResource(cloud.RunService, id, "europe-west1", "api").Path()
		g.must(g.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
		for n := range each {
			g.grant(path, "roles/run.invoker", fmt.Sprintf("user:u%d@example.com", n))
		}
	}
	events := g.events()
	sent := g.sentBy(func() {
		var all sync.WaitGroup
		for _, c := range events {
			all.Go(func() {
				if out, err := g.Handle(t.Context(), c); err != nil || out.Kind != remediate.Compliant {
					t.Errorf("%s: %s, %v", c.Resource, out.Kind, err)
				}
			})
		}
		all.Wait()
	})
	got := map[string]int{}
	for _, method := range sent {
		got[method]++
	}
	want := map[string]int{"Services/GetIamPolicy": projects * each, "Projects/GetProject": projects, "Folders/GetFolder": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("sent for %d events (-want +got):\n%s", projects*each, d)
	}
}
