package replay

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// servedSince is what is known of the revisions of each workload, while a history is
// read in order.
type servedSince map[cloud.Resource]*revisionsSeen

// revisionsSeen are a workload's.
type revisionsSeen struct {
	named map[string]cloud.Identity // those that a template named
	// ranAs are the accounts of all that was deployed; whole is true where the history
	// begins with the workload, so that no other revision can be of another account.
	ranAs  []cloud.Identity
	whole  bool
	shares []cloud.Share // as they were last
}

// take returns what the change gave requests to, with what that runs as, and remembers
// what it deployed. A whole object that says what was said before gave nothing.
func (s servedSince) take(c cloud.Change) []cloud.Share {
	if !c.Resource.Kind.Workload() || c.Verb == cloud.SetPolicy {
		return nil
	}
	seen := s[c.Resource]
	if seen == nil || c.Verb == cloud.Delete || c.Verb == cloud.Create {
		seen = &revisionsSeen{named: map[string]cloud.Identity{}, whole: c.Verb == cloud.Create}
		s[c.Resource] = seen
	}
	if c.Workload == nil {
		seen.whole = false
		return nil
	}
	seen.deployed(c)
	shares := c.Workload.Shares
	if len(shares) > 0 && cloud.SameShares(shares, seen.shares) {
		return nil
	}
	if len(shares) > 0 || c.Verb == cloud.Replace || slices.ContainsFunc(c.Unread, func(u cloud.Unread) bool { return u.Field == "traffic" }) {
		seen.shares = shares
	}
	return seen.known(shares)
}

func (r *revisionsSeen) deployed(c cloud.Change) {
	id := c.Workload.Identity
	if id.Knowledge == cloud.Unchanged {
		return // a revision as before, if any
	}
	known := id.Knowledge == cloud.Known || id.Knowledge == cloud.Unset
	r.whole = r.whole && known && !c.Time.IsZero() && c.Half != cloud.FirstHalf
	if name := c.Workload.TemplateName; name != "" && known && c.Half != cloud.FirstHalf {
		r.named[name] = id
	}
	if known && !slices.Contains(r.ranAs, id) {
		r.ranAs = append(r.ranAs, id)
	}
}

// known are the shares with what their revisions run as, as far as the history shows it.
func (r *revisionsSeen) known(shares []cloud.Share) []cloud.Share {
	out := slices.Clone(shares)
	for i, s := range out {
		named, ok := r.named[s.Revision]
		switch {
		case s.Revision == "": // the template says
		case ok:
			out[i].Identity = named
		case r.whole && len(r.ranAs) == 1: // whichever it is
			out[i].Identity = r.ranAs[0]
		default:
			out[i].Why = "the history does not show which deploy made it" + r.accounts()
		}
	}
	return out
}

// accounts says what is known to have been deployed.
func (r *revisionsSeen) accounts() string {
	var names []string
	for _, id := range r.ranAs {
		if id.Email != "" {
			names = append(names, id.Email)
		} else {
			names = append(names, "the default account")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("; it shows deploys as %s", strings.Join(names, ", "))
}

// grantsSeen are the grants of each resource as the history showed them last.
type grantsSeen map[cloud.Resource][]cloud.Grant

// take remembers what is granted since the change, and returns who was seen to hold a
// role that gained something by it.
func (s grantsSeen) take(c cloud.Change) map[cloud.Resource][]cloud.Grant {
	switch {
	case c.Verb == cloud.Delete:
		delete(s, c.Resource)
	case c.Policy != nil:
		s[c.Resource] = c.Policy.Grants()
	case c.HasDelta:
		removed := c.Removed()
		kept := slices.DeleteFunc(slices.Clone(s[c.Resource]), func(g cloud.Grant) bool { return slices.Contains(removed, g) })
		s[c.Resource] = append(kept, c.Added()...)
	}
	if c.Role == nil || !c.Role.Gained {
		return nil
	}
	held := map[cloud.Resource][]cloud.Grant{}
	for r, grants := range s {
		for _, g := range grants {
			if g.Role == c.Role.Name {
				held[r] = append(held[r], g)
			}
		}
	}
	return held
}
