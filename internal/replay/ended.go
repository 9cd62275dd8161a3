package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Ending is the change of the history with which a violation was over: after it nothing of
// what the finding is about was left.
type Ending struct {
	By       string    `json:"by"` // the actor, as the log names them
	Time     time.Time `json:"time"`
	After    int64     `json:"after_seconds"` // from the finding's change to this one
	InsertID string    `json:"insert_id"`
	Method   string    `json:"method"`
}

// foundAt is what one policy says of one change, and what of it later entries may show
// to be gone.
type foundAt struct {
	finding  *Finding // nil where it is none of the report: found before, or outside of the time
	policy   string
	grants   []cloud.Grant
	settings []kindOfSetting
	ingress  string
}

func foundOf(k judgedAt) foundAt {
	w := cmp.Or(k.change.Workload, &cloud.Workload{})
	f := foundAt{policy: k.Policy, grants: k.Grants, ingress: w.Ingress}
	for is, it := range map[kindOfSetting]bool{
		ofIdentity:     k.Identity,
		ofInvokerCheck: k.InvokerCheck,
		ofServing:      len(k.Serving) > 0,
		ofSSH:          w.SSH && !k.Identity && !k.InvokerCheck && len(k.Grants) == 0,
		ofIngress:      slices.Contains(k.Remediation, policies.RestoreIngress),
		ofConstraint:   k.change.Resource.Kind == cloud.OrgPolicy,
	} {
		if it {
			f.settings = append(f.settings, is)
		}
	}
	return f
}

// standing are the findings of a history that nothing has ended so far, while it is read
// in order. Each violation is followed part by part: it is over with its last one.
type standing map[cloud.Resource]*parts

type parts struct {
	grants   map[cloud.Grant][]*open
	settings []*setting
}

// open is a finding that stands, and how many of its parts are left.
type open struct {
	finding *Finding
	left    int
}

// setting is a part that is no grant.
type setting struct {
	*open
	is      kindOfSetting
	was     *cloud.ConstraintChange // what an organization policy said before
	ingress string
}

type kindOfSetting int

const (
	ofIdentity kindOfSetting = iota + 1
	ofInvokerCheck
	ofServing
	ofIngress
	ofSSH
	ofConstraint
)

// endings says of each finding which later change ended it. The changes are in order, and
// found has what was found of each.
func endings(changes []cloud.Change, found [][]foundAt, before []*cloud.ConstraintChange) {
	s := standing{}
	for i, c := range changes {
		if !c.Time.IsZero() && c.Half != cloud.FirstHalf && brokenOff(c) == "" {
			s.end(c, found[i])
		}
		for _, f := range found[i] {
			if f.finding != nil && !f.finding.Time.IsZero() {
				s.begin(f, before[i])
			}
		}
	}
}

// begin follows what the finding is about, as far as later entries can show its end.
func (s standing) begin(f foundAt, before *cloud.ConstraintChange) {
	o := &open{finding: f.finding, left: len(f.grants) + len(f.settings)}
	if o.left == 0 {
		return
	}
	at := s[f.finding.Resource]
	if at == nil {
		at = &parts{grants: map[cloud.Grant][]*open{}}
		s[f.finding.Resource] = at
	}
	for _, g := range f.grants {
		at.grants[g] = append(at.grants[g], o)
	}
	for _, is := range f.settings {
		at.settings = append(at.settings, &setting{o, is, before, f.ingress})
	}
}

// end ends what the change shows to be gone.
func (s standing) end(c cloud.Change, found []foundAt) {
	at := s[c.Resource]
	if at == nil {
		return
	}
	if c.Verb == cloud.Delete && c.Resource.Kind != cloud.OrgPolicy { // with all that it held
		for g := range at.grants {
			at.without(g, c)
		}
		for _, part := range at.settings {
			part.less(c)
		}
		delete(s, c.Resource)
		return
	}
	switch {
	case c.HasDelta:
		for _, g := range c.Removed() {
			if !slices.Contains(c.Added(), g) {
				at.without(g, c)
			}
		}
	case c.Policy != nil && len(c.Unread) == 0:
		there := c.Policy.Grants()
		for g := range at.grants {
			if !slices.Contains(there, g) {
				at.without(g, c)
			}
		}
	}
	at.settings = slices.DeleteFunc(at.settings, func(part *setting) bool {
		gone := part.goneWith(c) && !slices.ContainsFunc(found, func(f foundAt) bool { return f.policy == part.finding.Policy })
		if gone {
			part.less(c)
		}
		return gone
	})
}

func (p *parts) without(g cloud.Grant, c cloud.Change) {
	for _, o := range p.grants[g] {
		o.less(c)
	}
	delete(p.grants, g)
}

// less takes a part from what is left. Of two changes of one moment it is not known which
// was first.
func (o *open) less(c cloud.Change) {
	if !c.Time.After(o.finding.Time) {
		return
	}
	if o.left--; o.left > 0 {
		return
	}
	o.finding.Ended = &Ending{
		By: cmp.Or(c.Actor.Principal, cloud.UnknownActor), Time: c.Time.UTC(),
		After: int64(c.Time.Sub(o.finding.Time) / time.Second), InsertID: c.InsertID, Method: c.Method,
	}
}

// goneWith reports whether the change shows the setting as another one. What it leaves
// open, or does not touch, is as it was.
func (p *setting) goneWith(c cloud.Change) bool {
	if p.is == ofConstraint {
		return c.Constraint != nil && (c.Constraint.Enforced == cloud.KnownFlag(true) || sameConstraint(c.Constraint, p.was))
	}
	w := c.Workload
	if w == nil {
		return false
	}
	whole := c.Verb == cloud.Replace && len(c.Unread) == 0
	switch p.is {
	case ofIdentity:
		return w.Identity.Knowledge == cloud.Known
	case ofInvokerCheck:
		return w.InvokerCheckDisabled == cloud.KnownFlag(false)
	case ofServing:
		return len(w.Shares) > 0 || whole
	case ofIngress:
		return w.Ingress != "" && w.Ingress != p.ingress
	case ofSSH:
		return whole && !w.SSH && w.SSHWhy == ""
	}
	return false
}

// sameConstraint reports whether the organization policy says again what it said before.
func sameConstraint(is, was *cloud.ConstraintChange) bool {
	return was != nil && is.Became == was.Became && is.Enforced == was.Enforced && is.Parameters == was.Parameters &&
		slices.Equal(is.Allowed, was.Allowed) && slices.Equal(is.Denied, was.Denied) &&
		(is.Became != "" || is.Enforced.Knowledge == cloud.Known)
}
