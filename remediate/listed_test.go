package remediate_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/state"
)

// list has the scan read the list that the service is on.
func (g *rig) list() {
	g.t.Helper()
	found, _, err := g.google.List(g.t.Context(), cloud.ProjectResource("pay-prod"), cloud.RunService, "")
	g.must(err)
	if !slices.Contains(found, apiResource(g.t)) {
		g.t.Fatalf("listed: %v", found)
	}
}

// scanned is what a scan of the service comes to, and what it sends.
func (g *rig) scanned() (out remediate.Outcome, sent []string) {
	g.t.Helper()
	sent = g.sentBy(func() {
		var err error
		out, err = g.Scan(g.t.Context(), apiResource(g.t))
		g.must(err)
	})
	return out, sent
}

func TestAScanDoesNotReadAgainWhatItsListShowed(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve, identity: policies.Approve})
	g.scanned() // what facts it takes is kept
	g.list()
	out, sent := g.scanned()
	if d := cmp.Diff([]string{"Revisions/ListRevisions", "Services/GetIamPolicy"}, sent); d != "" || out.Kind != remediate.Compliant {
		t.Errorf("%s; sent (-want +got):\n%s", out.Kind, d)
	}
	if _, sent := g.scanned(); !slices.Contains(sent, "Services/GetService") {
		t.Errorf("sent %v: a list serves one scan", sent)
	}
	g.list()
	g.pass(time.Minute)
	if _, sent := g.scanned(); !slices.Contains(sent, "Services/GetService") {
		t.Errorf("sent %v, a minute after the list", sent)
	}
}

func TestWhatAListShowsIsReadAnewBeforeItIsRaised(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	g.deploy(defaultAccount)
	g.events() // lost
	g.list()
	g.deploy(apiAccount)
	g.events() // and so is this
	if out, _ := g.scanned(); out.Kind != remediate.Compliant || len(out.Findings) > 0 {
		t.Errorf("%+v, want nothing: what the list showed is over", out)
	}
}

// deaf is told of no change, as a process is of which another one handles it.
type deaf struct{ remediate.FactsClient }

// Changed forgets nothing.
func (deaf) Changed(cloud.Change) {}

func TestAListOfBeforeEndsNoFinding(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve}, func(s *setup) { s.Facts = deaf{s.Facts} })
	g.list()
	g.deploy(defaultAccount)
	f := g.one()
	out, _ := g.scanned()
	if len(out.Known) != 1 || out.Known[0].ID != f.ID {
		t.Errorf("%+v, want the question that is open", out)
	}
	g.want(g.stored(f.ID), state.Pending, "")
}

func TestAGrantOfAfterTheListIsFound(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.list()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events() // lost
	if out, _ := g.scanned(); len(out.Findings) != 1 {
		t.Errorf("%+v, want the grant", out)
	}
}
