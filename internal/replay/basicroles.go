package replay

import (
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// basicGrant is a basic role that a service account was given somewhere, or lost.
type basicGrant struct {
	at    cloud.Resource
	role  string
	taken bool
	time  time.Time
}

// basicRole learns who holds basic roles, from the deltas of projects and of what is above.
func (l *learned) basicRole(c cloud.Change) {
	if !c.Resource.Kind.Container() || c.Half == cloud.FirstHalf {
		return
	}
	for _, d := range c.Deltas {
		email, ok := d.Grant.Member.Folded().ServiceAccount()
		if ok && cloud.BasicRole(d.Grant.Role) {
			l.basic[email] = append(l.basic[email], basicGrant{c.Resource, d.Grant.Role, d.Action == cloud.Remove, c.Time})
		}
	}
}

// holdsBasicRole is known where the history shows it given and not taken, or the facts file
// lists who holds one.
func (f factsAt) holdsBasicRole(email string) policies.Fact {
	held := map[basicGrant]time.Time{}
	for _, g := range f.learned.basic[email] {
		of := basicGrant{at: g.at, role: g.role}
		switch {
		case g.time.After(f.at):
		case g.taken:
			delete(held, of)
		default:
			held[of] = g.time
		}
	}
	for g, at := range held {
		return policies.Fact{Known: true, Value: true, Source: "learned: it was given " + g.role + " on " + g.at.Path(), At: at}
	}
	if f.file != nil && f.file.basicRoles != nil {
		return policies.Fact{Known: true, Value: f.file.basicRoles[strings.ToLower(email)], Source: f.source()}
	}
	return policies.Fact{Why: "the history does not show it given one, and no facts file says who holds one (basic_role_holders)"}
}
