package policies

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// subject is the part of a change that one evaluation is about. Evaluating a
// policy on parts of a change tells which part violates it.
type subject struct {
	grants       []cloud.Grant
	vals         []ref.Val     // the grants as CEL sees them
	list         traits.Lister // the same as a list
	unreadGrants string        // why the grants are not known; empty when they are
	invokerCheck cloud.Flag
	identity     cloud.Identity
	shares       []cloud.Share
	unreadShares string // why the shares are not known; empty when they are
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
	unreadIngress      = "ingress"
	unreadResource     = "resource"
	unreadTraffic      = "traffic"
)

var unreadFields = []string{unreadIdentity, unreadInvokerCheck, unreadGrants, unreadConstraint, unreadIngress, unreadResource, unreadTraffic}

// subjectOf returns the whole change as a subject. What a change of its verb
// cannot touch is untouched; what it can touch and the entry does not show is
// unknown.
func subjectOf(c cloud.Change) subject {
	s := subject{grants: append(c.Added(), definedGrants(c)...), invokerCheck: untouchedFlag, identity: untouchedIdentity}
	s.unreadGrants = whyUnread(c, unreadGrants)
	switch {
	case c.Workload != nil:
		s.invokerCheck, s.identity = c.Workload.InvokerCheckDisabled, c.Workload.Identity
		s.shares, s.unreadShares = c.Workload.Shares, whyUnread(c, unreadTraffic)
	case writesWorkload(c):
		s.invokerCheck, s.identity = cloud.Flag{}, cloud.Identity{}
		if s.unreadShares = "the entry does not show it"; c.Verb == cloud.Create {
			s.unreadShares = "" // there is no other revision yet
		}
	}
	if c.Verb == cloud.SetPolicy && c.Policy == nil && !c.HasDelta && s.unreadGrants == "" {
		s.unreadGrants = "the entry shows neither the policy nor what was changed in it"
	}
	return s
}

// A role that gains what it takes to invoke is as if it had just been given to all who
// hold it. Who does is not in the entry, so that what depends on it is unknown: it is
// for the policies about grants, wherever those are.

// someone stands for the member of a grant whose holder is not known. No grant of
// Google's has an empty one.
const someone cloud.Member = ""

// definedGrants are the grants that a change of a role is judged as.
func definedGrants(c cloud.Change) []cloud.Grant {
	if c.Verb != cloud.DefineRole || c.Role == nil || !c.Role.Gained {
		return nil
	}
	return []cloud.Grant{{Role: c.Role.Name, Member: someone}}
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
	return e.shown(s)
}

// shown prepares the subject's grants for CEL. More of them than an allow
// policy can hold are judged by nothing, and not worth the memory.
func (e *evaluation) shown(s subject) subject {
	if len(s.grants) <= maxGrants {
		s.vals = e.show(s.grants)
		s.list = grantList(s.vals)
	}
	return s
}

// without takes every part away.
func (s subject) without() subject {
	return subject{invokerCheck: untouchedFlag, identity: untouchedIdentity, list: noGrants}
}

// only leaves the i-th grant.
func (s subject) only(i int) subject {
	only := s.without()
	only.grants, only.vals = s.grants[i:i+1:i+1], s.vals[i:i+1:i+1]
	only.list = grantList(only.vals)
	return only
}

var noGrants = grantList(nil)

func grantList(vals []ref.Val) traits.Lister {
	return types.NewRefValList(types.DefaultTypeAdapter, vals)
}

func (s subject) onlyInvokerCheck() subject {
	only := s.without()
	only.invokerCheck = s.invokerCheck
	return only
}

func (s subject) onlyShare(i int) subject {
	only := s.without()
	only.shares = s.shares[i : i+1 : i+1]
	return only
}

func (s subject) onlyIdentity() subject {
	only := s.without()
	only.identity = s.identity
	return only
}
