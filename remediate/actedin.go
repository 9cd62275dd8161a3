package remediate

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// ActedIn reports whether the actor, with or without "user:" and the like, made
// one of the finding's changes. Nobody in particular is everybody.
func (f Finding) ActedIn(actor string) bool {
	return actor == "" || slices.ContainsFunc(f.Actors, func(a cloud.Actor) bool {
		_, bare, _ := strings.Cut(a.Principal, ":")
		return strings.EqualFold(actor, a.Principal) || strings.EqualFold(actor, bare)
	})
}
