package replay

import (
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// learned is what the whole history shows beyond its changes.
type learned struct {
	identities map[string]sighting                // by e-mail; the earliest
	asked      map[string]sighting                // by e-mail, of deploys of which the log does not show how they ended
	policies   map[policyKey][]policyWrite        // oldest first
	changedAt  map[string][]string                // by constraint, the containers among policies
	previous   []cloud.Identity                   // what the workload of each change ran as before it
	before     []*cloud.ConstraintChange          // what was set before each change of an organization policy
	roles      map[string][]roleWrite             // by name, oldest first
	held       []map[cloud.Resource][]cloud.Grant // of a role that gained something, by whom it was held
	shares     [][]cloud.Share                    // what each change gave requests to, with what that runs as
	moves      map[string][]move                  // by container, in order
	had        []*heldBefore                      // what the workload of each change had before it
	defined    map[policyKey][]policyWrite        // what custom constraints are about, in order
	services   map[cloud.Resource]lifespan        // that were deployed or granted on
	lost       [][]cloud.Grant                    // conditional grants that were taken before each change
	basic      map[string][]basicGrant            // basic roles, by e-mail, in order
	numbers    projects
}

// sighting is a workload that was seen to run as an account.
type sighting struct {
	workload cloud.Resource
	at       time.Time
}

// policyKey names the organization policy of one constraint at one container.
type policyKey struct{ constraint, container string }

type policyWrite struct {
	change cloud.ConstraintChange
	at     time.Time
}

// learn reads the changes, which must be in order.
func learn(changes []cloud.Change, ids projects) *learned {
	l := &learned{
		identities: map[string]sighting{},
		asked:      map[string]sighting{},
		policies:   map[policyKey][]policyWrite{},
		changedAt:  map[string][]string{},
		previous:   make([]cloud.Identity, len(changes)),
		before:     make([]*cloud.ConstraintChange, len(changes)),
		moves:      map[string][]move{},
		roles:      map[string][]roleWrite{},
		held:       make([]map[cloud.Resource][]cloud.Grant, len(changes)),
		shares:     make([][]cloud.Share, len(changes)),
		had:        make([]*heldBefore, len(changes)),
		defined:    map[policyKey][]policyWrite{},
		services:   map[cloud.Resource]lifespan{},
		lost:       make([][]cloud.Grant, len(changes)),
		basic:      map[string][]basicGrant{},
		numbers:    ids,
	}
	set, served, granted := setBefore{}, servedSince{}, grantsSeen{}
	had := before{map[cloud.Resource]madeBy{}, map[cloud.Resource]*heldBefore{}}
	conditions := conditionsSeen{}
	runsAs := map[cloud.Resource]cloud.Identity{}
	undated := map[cloud.Resource]bool{} // deployed at a time that nobody knows: before or after any other
	for i, c := range changes {
		if !undated[c.Resource] {
			l.previous[i] = runsAs[c.Resource]
		}
		l.policy(c)
		l.role(c)
		l.move(c)
		l.basicRole(c)
		l.service(c)
		l.definition(c)
		l.lost[i] = conditions.take(c)
		l.held[i] = granted.take(c)
		l.had[i] = had.take(c, i)
		l.before[i] = set.take(c)
		l.shares[i] = served.take(c)
		if halfDeployed(c) {
			l.identity(c, l.asked)
			if c.Workload.Identity.Knowledge != cloud.Unchanged {
				runsAs[c.Resource] = cloud.Identity{}
			}
		}
		if !deployed(c) {
			continue
		}
		l.identity(c, l.identities)
		switch {
		case c.Time.IsZero():
			undated[c.Resource] = true
		case c.Verb == cloud.Delete:
			delete(runsAs, c.Resource)
		case c.Workload.Identity.Knowledge != cloud.Unchanged:
			runsAs[c.Resource] = c.Workload.Identity
		}
	}
	return l
}

// deployed reports whether the change is known to have been made: a first half
// alone may still have failed.
func deployed(c cloud.Change) bool {
	return c.Resource.Kind.Workload() && c.Half != cloud.FirstHalf && (c.Workload != nil || c.Verb == cloud.Delete)
}

// halfDeployed reports whether it is not known that the change was made, nor that it was
// not: what it would have taught is unknown then.
func halfDeployed(c cloud.Change) bool {
	return c.Resource.Kind.Workload() && c.Half == cloud.FirstHalf && c.Workload != nil
}

// identity learns what the workload runs as. A deploy that names no account
// runs as the project's default one, which is known by the project's number.
func (l *learned) identity(c cloud.Change, into map[string]sighting) {
	if c.Workload == nil {
		return
	}
	id := c.Workload.Identity
	email := id.Email
	if number := l.numbers.of(c.Resource.Project); id.Knowledge == cloud.Unset && number != "" {
		email = number + "-compute@developer.gserviceaccount.com"
	}
	if _, known := into[email]; email != "" && !known {
		into[email] = sighting{c.Resource, c.Time}
	}
}

// policy learns what an organization policy says from here on.
func (l *learned) policy(c cloud.Change) {
	if c.Constraint == nil || c.Constraint.Enforced.Knowledge == cloud.Unchanged {
		return
	}
	is := *c.Constraint
	if c.Half == cloud.FirstHalf { // it may have failed
		is = cloud.ConstraintChange{Name: is.Name}
	}
	k := policyKey{c.Constraint.Name, c.Resource.Parent}
	if l.policies[k] == nil {
		l.changedAt[k.constraint] = append(l.changedAt[k.constraint], k.container)
	}
	l.policies[k] = append(l.policies[k], policyWrite{is, c.Time})
}

// policyAt is what the organization policy said at the time; false when no
// earlier write of it is known. One without a time is returned for every time:
// no other is known to be later.
func (l *learned) policyAt(k policyKey, at time.Time) (policyWrite, bool) {
	var last policyWrite
	found := false
	for i, w := range l.policies[k] {
		if i == 0 && w.at.IsZero() {
			return w, true
		}
		if !w.at.After(at) {
			last, found = w, true
		}
	}
	return last, found
}

// roleWrite is what a custom role allows from a time on.
type roleWrite struct {
	invokes cloud.Flag
	at      time.Time
}

// role learns what a custom role allows.
func (l *learned) role(c cloud.Change) {
	if c.Role != nil {
		l.roles[c.Role.Name] = append(l.roles[c.Role.Name], roleWrite{c.Role.Invokes, c.Time})
	}
}

// definition learns what a custom constraint is about.
func (l *learned) definition(c cloud.Change) {
	if c.Constraint != nil && len(c.Constraint.About) > 0 {
		k := policyKey{c.Constraint.Name, c.Resource.Parent}
		l.defined[k] = append(l.defined[k], policyWrite{*c.Constraint, c.Time})
	}
}

// lifespan is from when to when the history shows a service.
type lifespan struct{ began, ended time.Time }

func (l *learned) service(c cloud.Change) {
	if c.Resource.Kind != cloud.RunService || c.Half == cloud.FirstHalf {
		return
	}
	span, known := l.services[c.Resource]
	if !known {
		span.began = c.Time
	}
	span.ended = time.Time{}
	if c.Verb == cloud.Delete {
		span.ended = c.Time
	}
	l.services[c.Resource] = span
}

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
