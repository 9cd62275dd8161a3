package remediate_test

import (
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// servedByOld is a service whose template runs as an account of its own, beside an older
// revision of the default account; nobody was told of either.
func servedByOld(t *testing.T) (g *rig, old string) {
	t.Helper()
	g = newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	old = g.newest()
	g.deploy(apiAccount)
	g.events()
	return g, old
}

func TestTrafficToAnOlderRevisionOfTheDefaultAccountIsAskedAbout(t *testing.T) {
	t.Parallel()
	g, old := servedByOld(t)
	g.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{to(old, 100, "")}}, "traffic")
	f := g.one()
	g.want(f, state.Pending, "revision "+old+" (100 %) runs as "+defaultAccount)
	if !strings.Contains(f.Message, "go to a revision that runs as a default service account") || len(f.Plan.Steps) > 0 {
		t.Errorf("%q, with the plan %+v", f.Message, f.Plan)
	}
	// The same again, by a deploy of something else and by a scan, is no other question.
	g.update(&runpb.Service{Labels: map[string]string{"a": "b"}}, "labels")
	g.deliver()
	g.scanNone(apiService, f.ID)
}

func TestATagIsFoundOnAnOlderRevisionWhoeverSetIt(t *testing.T) {
	t.Parallel()
	g, old := servedByOld(t)
	g.spread(to("", 100, ""), to(old, 0, "old"))
	g.seen()
	var found []finding.Finding
	for _, f := range g.questions() {
		if f.Policy == identity {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d questions, want one", len(found))
	}
	g.want(found[0], state.Pending, "revision "+old+" (tag old) runs as "+defaultAccount)
}

func TestTrafficBackToTheTemplateIsJudgedByWhatThatRunsAs(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	first := g.newest()
	g.spread(to(first, 100, ""))
	g.deploy(defaultAccount)
	g.events()
	g.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{to("", 100, "")}}, "traffic")
	g.want(g.one(), state.Pending, "it runs as "+defaultAccount)
}

func TestTrafficToARevisionOfAnAccountOfItsOwnIsFine(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	old := g.newest()
	g.replace(func(t *runpb.RevisionTemplate) { t.ServiceAccount = apiAccount })
	g.events()
	g.update(&runpb.Service{Traffic: []*runpb.TrafficTarget{to(old, 50, ""), to("", 50, "")}}, "traffic")
	if got := g.deliver(); len(got) > 0 {
		t.Errorf("found %+v", got)
	}
}
