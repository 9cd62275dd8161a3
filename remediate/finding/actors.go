package finding

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// withActor adds an actor.
func (f Finding) withActor(a cloud.Actor) Finding {
	if a = f.bounded(a); !f.hasActor(a) {
		f.Actors = append(slices.Clip(f.Actors), a)
		f.ActorsAt = f.Revision + 1 // with which this is stored
	}
	return f
}

func (f Finding) hasActor(a cloud.Actor) bool {
	return slices.ContainsFunc(f.Actors, func(o cloud.Actor) bool { return sameActor(a, o) })
}

func sameActor(a, b cloud.Actor) bool {
	return a.Principal == b.Principal && slices.Equal(a.Delegation, b.Delegation)
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

// ActedIn reports whether the actor, with or without "user:" and the like, made
// one of the finding's changes, or may have under another spelling. Nobody in
// particular is everybody.
func (f Finding) ActedIn(actor string) bool {
	return actor == "" || slices.ContainsFunc(f.Actors, func(a cloud.Actor) bool {
		kind, _, _ := strings.Cut(personOf(a.Principal), ":")
		return SamePerson(actor, a.Principal) || SamePerson(kind+":"+actor, a.Principal)
	})
}
