package cloud

import "strings"

// Member is an IAM principal as an allow policy writes it:
// "user:a@example.com", "allUsers", "principalSet://…".
type Member string

// Public reports whether the member is everyone: anyone on the internet
// (allUsers), or anyone with a Google account (allAuthenticatedUsers).
func (m Member) Public() bool { return m == "allUsers" || m == "allAuthenticatedUsers" }

// Deleted reports whether the member is a tombstone ("deleted:user:…?uid=…").
func (m Member) Deleted() bool { return strings.HasPrefix(string(m), "deleted:") }

// ServiceAccount returns the e-mail of a live service account, or false for
// any other member, deleted ones included.
func (m Member) ServiceAccount() (email string, ok bool) {
	email, ok = strings.CutPrefix(string(m), "serviceAccount:")
	if !ok {
		return "", false
	}
	return email, true
}

// AllServiceAccounts reports whether the member stands for all service accounts of a
// project, folder or organization.
// https://cloud.google.com/iam/docs/principal-identifiers
func (m Member) AllServiceAccounts() bool { return m.AccountsOf() != Resource{} }

// AccountsOf is the project, by its number, the folder or the organization all of whose
// service accounts the member stands for; the zero Resource for any other member.
func (m Member) AccountsOf() Resource {
	of, found := strings.CutPrefix(string(m), "principalSet://cloudresourcemanager.googleapis.com/")
	of, all := strings.CutSuffix(of, "/type/ServiceAccount")
	r, ok := ParseContainer(of)
	if !found || !all || !ok {
		return Resource{}
	}
	return r
}

// Type is the part before the first colon ("user", "group", "principalSet"),
// or the member itself for allUsers and allAuthenticatedUsers.
func (m Member) Type() string {
	t, _, _ := strings.Cut(string(m), ":")
	return t
}

// Email is the address of a user, group or service account; empty for any
// other member, deleted ones included.
func (m Member) Email() string {
	_, e, ok := strings.Cut(string(m), ":")
	if !ok || m.Deleted() || !strings.Contains(e, "@") {
		return ""
	}
	return e
}

const (
	computeDefaultSuffix   = "-compute@developer.gserviceaccount.com"
	appEngineDefaultSuffix = "@appspot.gserviceaccount.com"
)

// IsDefaultServiceAccount reports whether the e-mail has the form of a Compute
// Engine or App Engine default service account, of any project.
// https://cloud.google.com/iam/docs/service-account-types#default
func IsDefaultServiceAccount(email string) bool {
	email = strings.ToLower(email)
	if n, ok := strings.CutSuffix(email, computeDefaultSuffix); ok {
		return isNumber(n)
	}
	p, ok := strings.CutSuffix(email, appEngineDefaultSuffix)
	return ok && p != "" && !strings.Contains(p, "@")
}

// ServiceAccountProject returns the project a service account lives in, as far
// as its e-mail says: the id for user-managed and App Engine accounts, the
// number for the Compute Engine default account, "" where it cannot be told.
func ServiceAccountProject(email string) string {
	email = strings.ToLower(email)
	if n, ok := strings.CutSuffix(email, computeDefaultSuffix); ok && isNumber(n) {
		return n
	}
	if p, ok := strings.CutSuffix(email, appEngineDefaultSuffix); ok {
		return p
	}
	_, domain, _ := strings.Cut(email, "@")
	p, ok := strings.CutSuffix(domain, ".iam.gserviceaccount.com")
	if !ok || IsGoogleManaged(email) {
		return ""
	}
	return p
}

func isNumber(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// DomainOf returns the domain of an e-mail address or of a member, in lower
// case: "example.com" for "user:a@Example.com" and for "domain:example.com",
// empty where there is none.
func DomainOf(s string) string {
	if i := strings.LastIndex(s, "?uid="); i >= 0 && Member(s).Deleted() {
		s = s[:i] // of any other member it is part of the address
	}
	if d, ok := strings.CutPrefix(s, "domain:"); ok {
		return strings.ToLower(d)
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return strings.ToLower(s[i+1:])
	}
	return ""
}

// Folded is the member as IAM stores it: Google takes the addresses of people, groups and
// service accounts and domains in any case; a principal:// has its own, and so has a
// tombstone.
func (m Member) Folded() Member {
	kind, name, found := strings.Cut(string(m), ":")
	switch strings.ToLower(kind) {
	case "user", "group", "domain":
		return Member(strings.ToLower(string(m)))
	case "serviceaccount":
		if found {
			return Member("serviceAccount:" + strings.ToLower(name))
		}
	}
	return m
}

// SameMember reports whether both are one member, as Google compares them.
func SameMember(a, b Member) bool { return a.Folded() == b.Folded() }

const agentPool = "agents.global.org-"

// AgentWorkload reports whether the member is the agent identity of a Cloud Run workload,
// or a set of such identities, whose workload its name does not say.
// https://cloud.google.com/run/docs (Preview of 2026)
func (m Member) AgentWorkload() (one, set bool) {
	scheme, rest, _ := strings.Cut(string(m), "://")
	pool, path, _ := strings.Cut(rest, "/")
	org, isPool := strings.CutPrefix(pool, agentPool)
	org, ends := strings.CutSuffix(org, ".system.id.goog")
	if !isPool || !ends || !isNumber(org) {
		return false, false
	}
	p := strings.Split(path, "/")
	switch scheme {
	case "principal":
		return len(p) == 8 && p[0] == "resources" && p[1] == "run" && p[2] == "projects" && p[4] == "locations" && runCollections[p[6]] != "" && p[7] != "", false
	case "principalSet":
		return false, true
	}
	return false, false
}
