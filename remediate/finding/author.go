package finding

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Authors are all who made the change, and whom they acted through; the
// unknown actor where nobody is known.
func (f Finding) Authors() []string {
	var out []string
	for _, a := range f.makers() {
		out = append(append(out, a.Principal), a.Delegation...)
	}
	return out
}

// makers are the actors, the unknown one where there are none.
func (f Finding) makers() []cloud.Actor {
	if len(f.Actors) == 0 {
		return []cloud.Actor{{Principal: cloud.UnknownActor}}
	}
	return f.Actors
}

// AuthorLike is who made the change, or was acted through, and may be the same person
// as the principal, as the log spells them; empty for nobody.
func (f Finding) AuthorLike(principal string) string {
	authors := f.Authors()
	if i := slices.IndexFunc(authors, func(p string) bool { return SamePerson(p, principal) }); i >= 0 {
		return authors[i]
	}
	return ""
}

// ExplainedAccount reports whether the configuration says who can act through the
// service account of that e-mail, which is in lower case; never nil.
type ExplainedAccount func(email string) bool

// UnknownAuthor says why a person may have made one of the changes whom nobody knows,
// as the end of a sentence; empty where a person stands behind each change, or those
// who can act through the account that did are known. A finding that several made is
// known only if all of them are.
func (f Finding) UnknownAuthor(explained ExplainedAccount) string {
	for _, a := range f.makers() {
		if why := unknownBehind(a, explained); why != "" {
			return why
		}
	}
	return ""
}

// ActingAccounts are the explained service accounts that the changes were made through
// by nobody whom the log names: whoever can act through them may have made one.
func (f Finding) ActingAccounts(explained ExplainedAccount) []string {
	var out []string
	for _, a := range f.makers() {
		for _, p := range chain(a) {
			if email := AccountOf(p); !named(a) && explained(email) && !slices.Contains(out, email) {
				out = append(out, email)
			}
		}
	}
	return out
}

// unknownBehind is UnknownAuthor of one change. Of accounts that acted through each
// other the first counts: whoever acts through it acts through the others. Google's
// agents stand behind every workload and are nobody's.
func unknownBehind(a cloud.Actor, explained ExplainedAccount) string {
	if named(a) {
		return ""
	}
	var first string
	for _, p := range chain(a) {
		email := AccountOf(p)
		if first == "" && email != "" && (explained(email) || !cloud.IsGoogleManaged(email)) {
			first = email
		}
	}
	switch {
	case first == "":
		first = AccountOf(a.Principal)
	case explained(first):
		return ""
	}
	switch {
	case slices.ContainsFunc(chain(a), opaque):
		return "the log has a subject for whoever made it that is no mail, so that it may be any approver"
	case first != "":
		return first + " made it, and approvals.acts_for does not say who can act through that account"
	case a.Principal == cloud.UnknownActor:
		return "the log does not say who made it"
	}
	return "the log names no person behind it"
}

// chain is who stands behind a change, the first to act first.
func chain(a cloud.Actor) []string { return append(slices.Clip(a.Delegation), a.Principal) }

// named reports whether a person stands behind the change who can be told from any
// other: a user, or a subject of a workforce pool that is a mail. A subject of another
// form may be any of the approvers.
func named(a cloud.Actor) bool {
	return slices.ContainsFunc(chain(a), personal) && !slices.ContainsFunc(chain(a), opaque)
}

// personal reports whether the principal is a person with a mail.
func personal(principal string) bool {
	mail := MailOf(principal)
	return strings.Contains(mail, "@") && AccountOf(mail) == "" && (strings.HasPrefix(Canonical(principal), "user:") || ofWorkforce(principal))
}

// opaque reports whether the principal is a person whose mail nobody knows.
func opaque(principal string) bool { return ofWorkforce(principal) && MailOf(principal) == "" }

// ofWorkforce reports whether the principal is the subject of a workforce pool, in
// which there are people. In a workload pool there are programs.
// https://cloud.google.com/iam/docs/principal-identifiers
func ofWorkforce(principal string) bool {
	pool, _, isSubject := strings.Cut(Canonical(principal), "/subject/")
	parts := strings.Split(pool, "/")
	return isSubject && len(parts) == 7 && strings.HasPrefix(pool, "principal://iam.googleapis.com/locations/") && parts[5] == "workforcepools"
}

// AccountOf is the e-mail of the service account that the principal is, in lower case,
// also where the log calls it a user or nothing at all; empty for anybody else. Every
// service account's domain ends alike.
// https://cloud.google.com/iam/docs/service-account-types
func AccountOf(principal string) string {
	email := strings.TrimPrefix(strings.TrimPrefix(Canonical(principal), "serviceaccount:"), "user:")
	if _, domain, ok := strings.Cut(email, "@"); !ok || !strings.HasSuffix(domain, ".gserviceaccount.com") || strings.Contains(email, "/") {
		return ""
	}
	return email
}
