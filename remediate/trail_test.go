package remediate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// decidedFinding is one with a trail of several events, answers among them.
func decidedFinding(t *testing.T) finding.Finding {
	t.Helper()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{
		Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Via: "slack:T0123/U01", Reason: "not ours", Digest: f.Plan.Digest,
	})
	g.must(err)
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Reverted, "")
	return f
}

func TestI8EveryEventHasItsNumberItsPlanAndTheHashOfAllBeforeIt(t *testing.T) {
	t.Parallel()
	f := decidedFinding(t)
	var states []string
	for i, e := range f.Timeline {
		states = append(states, string(e.State))
		if e.N != i+1 || len(e.Hash) != 2*64+1 || e.Plan != f.Plan.Digest {
			t.Errorf("event %+v, want number %d, a hash and plan %s", e, i+1, f.Plan.Digest)
		}
	}
	if got := strings.Join(states, " "); got != "pending approved applying reverted" {
		t.Errorf("the trail tells of %s", got)
	}
	if e := f.Timeline[1]; e.Via != "slack:T0123/U01" || f.Timeline[2].Via != "" {
		t.Errorf("answered via %q, then %q; want the answer's way on its own event alone", e.Via, f.Timeline[2].Via)
	}
	if err := f.VerifyTrail(); err != nil || f.Timeline.Head() != f.Timeline[3].Hash {
		t.Errorf("verify: %v, head %s", err, f.Timeline.Head())
	}
}

func TestI8TheTrailOfEveryFindingAlwaysVerifiesAndOnlyGrows(t *testing.T) {
	t.Parallel()
	events := 0
	played(t, func(t *testing.T, was, is finding.Finding) {
		if err := is.VerifyTrail(); err != nil {
			t.Error(err)
		}
		if err := is.Extends(was); err != nil {
			t.Error(err)
		}
		if is.State != was.State && len(is.Timeline) == len(was.Timeline) {
			t.Errorf("%s went from %s to %s without an event", is.ID, was.State, is.State)
		}
		events += len(is.Timeline) - len(was.Timeline)
	})
	if events < 20 {
		t.Errorf("%d events: the test cannot fail", events)
	}
}

func TestAFindingHasRoomForWhateverStrangersDoToIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	for i := range 130 {
		c.ID = fmt.Sprint("change ", i)
		c.Actor = cloud.Actor{Principal: fmt.Sprint("user:", i, strings.Repeat("<", 100*(i%20)))}
		c.Method = strings.Repeat("\x01", 5000)
		g.handle(c)
		g.pass(time.Second) // within the rate at which a project is read
	}
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	b, f, err := record.Finding(fs[0])
	g.must(err)
	if len(fs) != 1 || len(b) > 512<<10 {
		t.Errorf("%d findings, the first of %d bytes; want one, of half a MiB at most", len(fs), len(b))
	}
	if err := f.VerifyTrail(); err != nil {
		t.Error(err)
	}
	_, err = g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Digest: f.Plan.Digest, Revision: fs[0].Revision, Reason: "the partner needs it"})
	g.must(err)
	if f = g.stored(f.ID); f.State != state.Pending {
		t.Errorf("%s: one person kept what more people made than the finding has room for", f.State)
	}
}
