package policies

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// subject is the part of a change that one evaluation is about. Evaluating a
// policy on parts of a change tells which part violates it.
type subject struct {
	grants       []cloud.Grant
	unreadGrants string // why the grants are not known; empty when they are
	invokerCheck cloud.Flag
	identity     cloud.Identity
}

var (
	untouchedFlag     = cloud.Flag{Knowledge: cloud.Unchanged}
	untouchedIdentity = cloud.Identity{Knowledge: cloud.Unchanged}
)

// The fields an entry can leave open, in the words of cloud.Unread.
const (
	unreadIdentity     = "identity"
	unreadInvokerCheck = "invoker check"
	unreadGrants       = "grants"
	unreadConstraint   = "constraint"
)

// subjectOf returns the whole change as a subject. What a change of its verb
// cannot touch is untouched; what it can touch and the entry does not show is
// unknown.
func subjectOf(c cloud.Change) subject {
	s := subject{grants: c.Added(), invokerCheck: untouchedFlag, identity: untouchedIdentity}
	s.unreadGrants = whyUnread(c, unreadGrants)
	switch {
	case c.Workload != nil:
		s.invokerCheck, s.identity = c.Workload.InvokerCheckDisabled, c.Workload.Identity
	case writesWorkload(c):
		s.invokerCheck, s.identity = cloud.Flag{}, cloud.Identity{}
	}
	if c.Verb == cloud.SetPolicy && c.Policy == nil && !c.HasDelta && s.unreadGrants == "" {
		s.unreadGrants = "the entry shows neither the policy nor what was changed in it"
	}
	return s
}

// writesWorkload reports whether the change wrote, or may have written, the
// workload's own settings.
func writesWorkload(c cloud.Change) bool {
	switch c.Verb {
	case cloud.Create, cloud.Replace, cloud.Update:
		return c.Resource.Kind.Workload()
	}
	return whyUnread(c, unreadIdentity) != "" || whyUnread(c, unreadInvokerCheck) != ""
}

func whyUnread(c cloud.Change, field string) string {
	i := slices.IndexFunc(c.Unread, func(u cloud.Unread) bool { return u.Field == field })
	if i < 0 {
		return ""
	}
	if c.Unread[i].Why == "" {
		return "the entry does not say"
	}
	return c.Unread[i].Why
}

// subject returns the change with only those of its grants that keep wants.
func (e *evaluation) subject(keep func(cloud.Grant) bool) subject {
	s := e.whole
	s.grants = slices.DeleteFunc(slices.Clone(s.grants), func(g cloud.Grant) bool { return !keep(g) })
	return s
}

// without takes every part away.
func (s subject) without() subject {
	return subject{invokerCheck: untouchedFlag, identity: untouchedIdentity}
}

func (s subject) only(g cloud.Grant) subject {
	only := s.without()
	only.grants = []cloud.Grant{g}
	return only
}

func (s subject) onlyInvokerCheck() subject {
	only := s.without()
	only.invokerCheck = s.invokerCheck
	return only
}

func (s subject) onlyIdentity() subject {
	only := s.without()
	only.identity = s.identity
	return only
}
