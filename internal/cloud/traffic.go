package cloud

import (
	"cmp"
	"fmt"
	"slices"
)

// TrafficTarget is one part of a service's traffic, or one of its tags.
type TrafficTarget struct {
	// Revision is its short name. As people wrote it, it is empty for the newest that
	// is ready; of what serves it is always there.
	Revision string `json:"revision,omitempty"`
	Percent  int32  `json:"percent,omitempty"`
	// Tag makes the revision reachable by a URL of its own, also at 0 per cent.
	Tag string `json:"tag,omitempty"`
	// Account is what the revision runs as, of what serves; empty where that is unknown.
	Account string `json:"account,omitempty"`
	// UID tells the revision from another of its name; empty where that is unknown.
	UID string `json:"uid,omitempty"`
}

// String is the target as people say it: "api-00001-abc 90 %", "api-00002-xyz tag next".
func (t TrafficTarget) String() string {
	s := cmp.Or(t.Revision, "the latest revision")
	if t.Percent != 0 || t.Tag == "" {
		s += fmt.Sprintf(" %d %%", t.Percent)
	}
	if t.Tag != "" {
		s += " tag " + t.Tag
	}
	return s
}

// SameTraffic reports whether both spread requests and tags alike, to the same revisions
// as far as their UIDs are known. Which account a revision runs as makes no difference,
// nor does the order, nor in how many parts a revision has its traffic.
func SameTraffic(a, b []TrafficTarget) bool {
	return slices.EqualFunc(inOrder(a), inOrder(b), func(a, b TrafficTarget) bool {
		return a.Revision == b.Revision && a.Percent == b.Percent && a.Tag == b.Tag && (a.UID == "" || b.UID == "" || a.UID == b.UID)
	})
}

// inOrder are the parts of the traffic and the tags, each for itself: all that one
// revision has in one part, and a tag without any.
func inOrder(ts []TrafficTarget) []TrafficTarget {
	var out []TrafficTarget
	for _, t := range ts {
		part, tag := t, t
		part.Tag, tag.Percent = "", 0
		i := slices.IndexFunc(out, func(o TrafficTarget) bool { return o.Tag == "" && o.Revision == t.Revision })
		switch {
		case t.Percent == 0: // what gets nothing is nowhere
		case i < 0:
			out = append(out, part)
		default:
			out[i].Percent += t.Percent
		}
		if t.Tag != "" {
			out = append(out, tag)
		}
	}
	slices.SortFunc(out, func(a, b TrafficTarget) int {
		return cmp.Or(cmp.Compare(a.Tag, b.Tag), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Percent, b.Percent))
	})
	return out
}

// Reached reports whether requests can reach the revision: it has traffic or a tag.
func Reached(ts []TrafficTarget, revision string) bool {
	return slices.ContainsFunc(ts, func(t TrafficTarget) bool { return t.Revision == revision && (t.Percent != 0 || t.Tag != "") })
}

// GiveBack is the traffic as it stood before a revision got any: each part of before
// goes to the revision that had it, by name. The tags of now stay where they are, but for
// those of the revision, which go back to where they were, or away. It is nil where
// before had no traffic that is known in full, or the revision had some even then.
func GiveBack(before, now []TrafficTarget, from string) []TrafficTarget {
	var out []TrafficTarget
	sum, tagged := int32(0), map[string]TrafficTarget{}
	for _, t := range before {
		sum += t.Percent
		if t.Percent != 0 {
			out = append(out, TrafficTarget{Revision: t.Revision, Percent: t.Percent, Account: t.Account, UID: t.UID})
		}
		if t.Tag != "" {
			tagged[t.Tag] = t
		}
		if t.Revision == "" {
			return nil
		}
	}
	if sum != 100 || Reached(before, from) {
		return nil
	}
	for _, t := range now {
		back, was := tagged[t.Tag]
		switch {
		case t.Tag == "":
			continue
		case t.Revision != from:
			back = t
		case !was:
			continue
		}
		out = append(out, TrafficTarget{Revision: back.Revision, Tag: t.Tag, Account: back.Account, UID: back.UID})
	}
	return out
}
