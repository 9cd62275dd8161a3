package cloud

import (
	"slices"
	"time"
)

// LostWithin is for how long a grant under a condition that was taken away is remembered:
// the same grant without it may be given some time later.
const LostWithin = 30 * 24 * time.Hour

// maxConditions bounds what is remembered of one resource.
const maxConditions = 64

// Conditions are what is remembered of a resource's grants under conditions, from one change
// of its allow policy to the next.
type Conditions struct {
	// Held are those that there are, with the grants without a condition to the same members.
	Held []Grant `json:"held,omitempty"`
	Lost []Lost  `json:"lost,omitempty"`
}

// Lost is a grant under a condition that was taken away.
type Lost struct {
	Grant Grant     `json:"grant"`
	At    time.Time `json:"at"`
	// By is the ID of the change that gave the grant back without the condition, and so has
	// been judged for it; empty while none did.
	By string `json:"by,omitempty"`
}

// After returns what is remembered after the change, and the grants that were lost before it
// or by it. The same change gets the same answer again.
func (k Conditions) After(c Change) (Conditions, []Grant) {
	if c.Policy == nil && !c.HasDelta {
		return k, nil
	}
	next := Conditions{Held: k.Held, Lost: slices.Clone(k.Lost)}
	gone := c.Removed()
	if !c.HasDelta {
		gone = missing(k.Held, c.Policy.Grants())
		next.Held = besideConditions(c.Policy.Grants())
	}
	for _, g := range gone {
		known := func(l Lost) bool { return l.Grant == g }
		if g.Condition != (Condition{}) && !hasPlain(k.Held, g) && !slices.ContainsFunc(next.Lost, known) {
			next.Lost = append(next.Lost, Lost{Grant: g, At: c.Time})
		}
	}
	added := c.Added()
	next.Lost = slices.DeleteFunc(next.Lost, func(l Lost) bool {
		return slices.Contains(added, l.Grant) || !c.Time.IsZero() && !l.At.IsZero() && c.Time.Sub(l.At) > LostWithin
	})
	next.Lost = next.Lost[max(0, len(next.Lost)-maxConditions):]
	var lost []Grant
	for i, l := range next.Lost {
		if l.By == "" || l.By == c.ID {
			lost = append(lost, l.Grant)
		}
		if l.By == "" && hasPlain(added, l.Grant) {
			next.Lost[i].By = c.ID
		}
	}
	return next, lost
}

// missing are those of the grants that are not among the others.
func missing(grants, others []Grant) []Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool { return slices.Contains(others, g) })
}

// besideConditions are the grants under a condition, and those that have none to the same.
func besideConditions(grants []Grant) []Grant {
	kept := slices.DeleteFunc(slices.Clone(grants), func(g Grant) bool {
		return !slices.ContainsFunc(grants, func(o Grant) bool { return o.Condition != (Condition{}) && alike(o, g) })
	})
	return kept[:min(len(kept), maxConditions)]
}

func hasPlain(grants []Grant, like Grant) bool {
	return slices.ContainsFunc(grants, func(g Grant) bool { return g.Condition == (Condition{}) && alike(g, like) })
}

func alike(a, b Grant) bool { return a.Role == b.Role && SameMember(a.Member, b.Member) }
