package remediate

import (
	"net/url"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// canonical is the one spelling of a principal. Addresses are compared without
// case: mail servers and IAM do not tell them apart. An account that was deleted
// since is still who it was.
// https://cloud.google.com/iam/docs/principal-identifiers
func canonical(principal string) string {
	p := strings.ToLower(principal)
	if gone, ok := strings.CutPrefix(p, "deleted:"); ok {
		p, _, _ = strings.Cut(gone, "?uid=")
	}
	return p
}

// madeBy reports whether the principal is one of the actors, or one they acted
// through.
func (f Finding) madeBy(principal string) bool {
	return slices.ContainsFunc(f.actors(), func(p string) bool { return same(p, principal) })
}

// unknownActor reports whether somebody who cannot be told from the approvers
// may have made the change: the log names nobody, or a subject of another
// identity provider, which is not the mail that the same person answers with.
func (f Finding) unknownActor() bool {
	return slices.ContainsFunc(f.actors(), func(p string) bool {
		p = canonical(p)
		return !strings.HasPrefix(p, "user:") && !strings.HasPrefix(p, "serviceaccount:")
	})
}

// actors are all who made the change, and whom they acted through.
func (f Finding) actors() []string {
	var out []string
	for _, a := range f.Actors {
		out = append(append(out, a.Principal), a.Delegation...)
	}
	if len(out) == 0 {
		return []string{cloud.UnknownActor}
	}
	return out
}

// same reports whether an actor is the principal, as far as it can be seen. The
// subject of a federated identity is often its mail.
func same(actor, principal string) bool {
	actor, principal = canonical(actor), canonical(principal)
	if actor == principal {
		return true
	}
	_, subject, federated := strings.Cut(actor, "/subject/")
	mail, isUser := strings.CutPrefix(principal, "user:")
	if !federated || !isUser {
		return false
	}
	if plain, err := url.PathUnescape(subject); err == nil {
		subject = plain
	}
	return subject == mail
}
