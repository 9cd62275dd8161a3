package auditlog

import (
	"cmp"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// caller is an entry's authenticationInfo. Delegation lists who is behind a
// service account: an e-mail for Google identities, a subject for federated
// ones, and sometimes nothing.
type caller struct {
	Email      string     `json:"principalEmail"`
	Subject    string     `json:"principalSubject"`
	Delegation []delegate `json:"serviceAccountDelegationInfo"`
}

type delegate struct {
	Subject    string `json:"principalSubject"`
	FirstParty struct {
		Email string `json:"principalEmail"`
	} `json:"firstPartyPrincipal"`
}

// actor is the principal's e-mail, else its subject, else the first of those
// it acted through.
func (c caller) actor() cloud.Actor {
	var a cloud.Actor
	for _, d := range c.Delegation {
		if p := cmp.Or(principal(d.FirstParty.Email), d.Subject); p != "" {
			a.Delegation = append(a.Delegation, p)
		}
	}
	a.Principal = cmp.Or(principal(c.Email), c.Subject)
	if a.Principal == "" && len(a.Delegation) > 0 {
		a.Principal = a.Delegation[0]
	}
	a.Principal = cmp.Or(a.Principal, cloud.UnknownActor)
	return a
}

// principal writes an e-mail as IAM does. Every service account's domain ends
// in .gserviceaccount.com; some entries write the type themselves.
// https://cloud.google.com/iam/docs/service-account-types
func principal(email string) string {
	switch {
	case email == "" || strings.Contains(email, ":"):
		return email
	case strings.HasSuffix(email, ".gserviceaccount.com"):
		return "serviceAccount:" + email
	}
	return "user:" + email
}
