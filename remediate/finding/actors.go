package finding

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// MadeBy reports whether the principal may be one of the actors, or one they acted
// through.
func (f Finding) MadeBy(principal string) bool { return f.AuthorLike(principal) != "" }

// AuthorLike is who made the change, as the log spells them, and may be the same
// person as the principal; empty for nobody.
func (f Finding) AuthorLike(principal string) string {
	authors := f.Authors()
	if i := slices.IndexFunc(authors, func(p string) bool { return SamePerson(p, principal) }); i >= 0 {
		return authors[i]
	}
	return ""
}

// UnknownActor reports whether somebody who cannot be told from the approvers
// may have made the change: the log names nobody, or a subject of another
// identity provider, which is not the mail that the same person answers with.
func (f Finding) UnknownActor() bool {
	return slices.ContainsFunc(f.Authors(), func(p string) bool {
		p = Canonical(p)
		return !strings.HasPrefix(p, "user:") && !strings.HasPrefix(p, "serviceaccount:")
	})
}

// Authors are all who made the change, and whom they acted through; the
// unknown actor where nobody is known.
func (f Finding) Authors() []string {
	var out []string
	for _, a := range f.Actors {
		out = append(append(out, a.Principal), a.Delegation...)
	}
	if len(out) == 0 {
		return []string{cloud.UnknownActor}
	}
	return out
}

// withActor adds an actor.
func (f Finding) withActor(a cloud.Actor) Finding {
	if a = f.bounded(a); !f.hasActor(a) {
		f.Actors = append(slices.Clip(f.Actors), a)
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
