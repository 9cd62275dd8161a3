package remediate

import (
	"encoding/json"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const (
	// maxActors and maxActor bound an actor set: no store takes more than 1 MiB
	// of a finding.
	maxActors = 100
	maxActor  = 1000 // bytes of an actor, as it is stored
	// maxEvents is how many events a timeline has before waiting for a turn
	// counts as an attempt.
	maxEvents = 400
)

// VerifyTrail returns nil if every event of the trail is as it was written, and
// otherwise an error that names the first that is not; see trail.Timeline.Verify.
func (f Finding) VerifyTrail() error { return f.Timeline.Verify(f.ID, f.State) }

// Extends returns an error unless the trail of f is that of old with more at
// its end, or with nothing more. Stores ask before they replace a finding.
func (f Finding) Extends(old Finding) error { return f.Timeline.Extends(f.ID, old.Timeline) }

// answeredVia is how the answer came that an event is about: a transition adds
// the answer before the event.
func (f Finding) answeredVia(who string, at time.Time) string {
	if n := len(f.Answers); n > 0 && who != "" && f.Answers[n-1].Principal == who && f.Answers[n-1].At.Equal(at) {
		return f.Answers[n-1].Via
	}
	return ""
}

// bounded is the actor, or the unknown one in place of more actors, and longer
// names, than a finding has room for. To keep a change of unknown actors takes
// two people.
func (f Finding) bounded(a cloud.Actor) cloud.Actor {
	b, err := json.Marshal(a)
	if f.hasActor(a) || err == nil && len(f.Actors) < maxActors && len(b) <= maxActor {
		return a
	}
	return cloud.Actor{Principal: cloud.UnknownActor}
}
