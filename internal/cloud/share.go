package cloud

import (
	"fmt"
	"slices"
	"strings"
)

// Share is a revision that requests, or a worker pool's instances, are to go to. What
// runs is what the shares say and not what the template says: traffic or a tag can be
// given to any revision there was.
type Share struct {
	// Revision is its short name; empty for the newest that is ready.
	Revision string `json:"revision,omitempty"`
	Percent  int32  `json:"percent,omitempty"`
	// Tags make the revision reachable each by a URL of its own, also at 0 per cent.
	Tags []string `json:"tags,omitempty"`
	// Identity is what the revision runs as, and Why why that is not known.
	Identity Identity `json:"identity,omitzero"`
	Why      string   `json:"why,omitempty"`
}

// String is the share as people say it: "revision api-00001-abc (100 %, tag next)".
func (s Share) String() string {
	name := "revision " + s.Revision
	if s.Revision == "" {
		name = "the newest revision"
	}
	parts := []string{}
	if s.Percent != 0 {
		parts = append(parts, fmt.Sprintf("%d %%", s.Percent))
	}
	for _, t := range s.Tags {
		parts = append(parts, "tag "+t)
	}
	return name + " (" + strings.Join(parts, ", ") + ")"
}

// AddShare adds what one target gives to its revision. A target that gives neither
// requests nor a tag gives nothing.
func AddShare(shares []Share, t TrafficTarget) []Share {
	if t.Percent == 0 && t.Tag == "" {
		return shares
	}
	i := slices.IndexFunc(shares, func(s Share) bool { return s.Revision == t.Revision })
	if i < 0 {
		i, shares = len(shares), append(shares, Share{Revision: t.Revision})
	}
	shares[i].Percent += t.Percent
	if t.Tag != "" && !slices.Contains(shares[i].Tags, t.Tag) {
		shares[i].Tags = append(shares[i].Tags, t.Tag)
	}
	return shares
}

// SharesOf are the revisions that the targets give something to.
func SharesOf(targets []TrafficTarget) []Share {
	var out []Share
	for _, t := range targets {
		out = AddShare(out, t)
	}
	return out
}

// SameShares reports whether both give the same to the same revisions, whatever is known
// of those.
func SameShares(a, b []Share) bool {
	return slices.EqualFunc(ordered(a), ordered(b), func(a, b Share) bool {
		return a.Revision == b.Revision && a.Percent == b.Percent && slices.Equal(sorted(a.Tags), sorted(b.Tags))
	})
}

func ordered(shares []Share) []Share {
	return slices.SortedFunc(slices.Values(shares), func(a, b Share) int { return strings.Compare(a.Revision, b.Revision) })
}

func sorted(tags []string) []string { return slices.Sorted(slices.Values(tags)) }

// GivesNewest reports whether the change gives the newest revision requests or a tag, and
// does not say what that runs as: the template does, which is then what is judged.
func (w Workload) GivesNewest() bool {
	return w.Identity.Knowledge == Unchanged && slices.ContainsFunc(w.Shares, func(s Share) bool { return s.Revision == "" })
}

// Beside are the shares of a workload but for that of the newest revision, where the
// change says itself what that runs as.
func Beside(shares []Share, template Identity) []Share {
	if template.Knowledge == Unchanged {
		return shares
	}
	return slices.DeleteFunc(slices.Clone(shares), func(s Share) bool { return s.Revision == "" })
}
