package remediate_test

import (
	"testing"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Ada looked at a card that did not name eve yet.
func TestI10AKeepOfWhatACardShowedCoversNobodyWhoCameAfterIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	shown := g.one()
	g.touch()
	joined := g.handleOne(by("user:eve@example.com", g.events()))
	if joined.ID != shown.ID || len(joined.Actors) != 2 {
		t.Fatalf("eve's change did not join: %+v", joined)
	}
	keep := finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Via: "cli", Reason: "the partner needs it", Digest: shown.Plan.Digest, Revision: shown.Revision}
	if _, err := g.Answer(t.Context(), shown.ID, keep); !refusedFor(err, "somebody else made the same change since this card was made") {
		t.Errorf("a keep of what the older card showed: %v", err)
	}
	g.want(g.stored(shown.ID), state.Pending, "")
	keep.Revision = joined.Revision
	if _, err := g.Answer(t.Context(), shown.ID, keep); err != nil {
		t.Error(err)
	}
	g.want(g.stored(shown.ID), state.Kept, "")
}

// Of two votes that a keep takes, the first was given before eve made it too.
func TestI10AVoteCoversNobodyWhoCameAfterIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob, func(c *setup) {
		c.Authority.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2}
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	keep := func(who string) finding.Finding {
		f := g.stored(f.ID)
		f, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: who, Reason: "the partner needs it", Digest: f.Plan.Digest, Revision: f.Revision})
		g.must(err)
		return f
	}
	keep(ada)
	g.touch()
	g.handleOne(by("user:eve@example.com", g.events()))
	g.want(keep("user:bob@example.com"), state.Pending, "")
	g.want(keep(ada), state.Kept, "")
}
