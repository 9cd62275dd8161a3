package before

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Age says whether a part of a workload was there before a change.
type Age string

// The ages.
const (
	Made    Age = "made"    // it was not there before: the change made it
	Older   Age = "older"   // it was
	Later   Age = "later"   // it came after the change, whose entry does not show it
	Unknown Age = "unknown" // what was read does not tell
	Unread  Age = "unread"  // nothing had been read by then
)

// InvokerOff is the part of a workload that is no grant: its invoker check is off.
var InvokerOff = cloud.Grant{}

// Part is one thing that a workload has: a grant of its allow policy, or InvokerOff.
type Part struct {
	// Grant has a digest for its member alone where it is long: see keptGrant.
	Grant cloud.Grant `json:"grant,omitzero"`
	Since time.Time   `json:"since"` // when it was made, or else when it was first read
	// By is the principal whose change made it; empty where that was not seen.
	By string `json:"by,omitempty"`
	// Until is when it was seen to be gone; zero while it is there.
	Until time.Time `json:"until,omitzero"`
}

// Side is what is known of the grants of a workload, or of its invoker check. The zero
// Side knows nothing.
type Side struct {
	// Known is from when on Parts has all that there was; zero for never.
	Known time.Time `json:"known,omitzero"`
	Parts []Part    `json:"parts,omitempty"`
	// Gone are the last parts that went, for changes of before that come late.
	Gone []Part `json:"gone,omitempty"`
}

// mostGone bounds what is kept of parts that went.
const mostGone = 20

// Held is what is known of one workload.
type Held struct {
	Grants  Side `json:"grants,omitzero"`
	Invoker Side `json:"invoker,omitzero"`

	// unreadable is true where the project could not be read for its baseline.
	unreadable bool
}

// skew is how far the clock of whoever reads and the one that dates entries may be apart.
const skew = 2 * time.Second

// Before returns how old the part is that a change made at that time shows, with what is
// known of it where it is Older. What was first read a moment before may have been made by
// the change.
func (s Side) Before(g cloud.Grant, made time.Time) (Age, Part) {
	g = keptGrant(g)
	switch p, had := s.part(g); {
	case had && p.By == "" && p.Since.Before(made) && p.Since.Add(skew).After(made):
		return Unknown, Part{}
	case had && p.Since.Before(made):
		return Older, p
	case s.went(g, made):
		return Unknown, Part{}
	case !s.Known.IsZero() && !s.Known.After(made):
		return Made, Part{}
	}
	return Unread, Part{}
}

// went reports whether the part was there before the change, and went later.
func (s Side) went(g cloud.Grant, made time.Time) bool {
	return slices.ContainsFunc(s.Gone, func(p Part) bool { return p.Grant == g && p.Since.Before(made) && !p.Until.Before(made) })
}

func (s Side) part(g cloud.Grant) (Part, bool) {
	i := slices.IndexFunc(s.Parts, func(p Part) bool { return p.Grant == g })
	if i < 0 {
		return Part{Grant: g}, false
	}
	return s.Parts[i], true
}

// sight is what a change, and the live read after it, show of one side. Either may be
// missing.
type sight struct {
	made    time.Time // of the change; its entry is taken at its word where that is not zero
	by      string
	emptied bool // the change made the workload, or ended it: nothing was there before
	shown   []cloud.Grant

	read time.Time // when the live read began; zero where there is none
	seen time.Time // by when it had ended
	live []cloud.Grant
}

// after is what is known once that was seen.
func (s Side) after(v sight) Side {
	next := Side{Known: v.known(s.Known), Gone: s.Gone}
	there := v.there(s)
	for _, p := range s.Parts {
		if !slices.Contains(there, p.Grant) {
			next = next.without(p, later(v.read, v.made))
		}
	}
	for _, g := range there {
		p, had := s.part(g)
		shown := slices.Contains(v.shown, g)
		switch {
		case v.tells() && shown && (!had || p.Since.After(v.made)):
			age, _ := s.Before(g, v.made)
			p = Part{Grant: g, Since: v.made}
			if age == Made || v.emptied {
				p.By = v.by
			}
		case !had:
			p = Part{Grant: g, Since: v.seen}
		case v.tells() && !shown && !p.Since.After(v.made): // the change took it away, and it came back
			next = next.without(p, v.made)
			p = Part{Grant: g, Since: v.seen}
		}
		next.Parts = append(next.Parts, p)
	}
	return next
}

// without remembers that a part went.
func (s Side) without(p Part, at time.Time) Side {
	p.Until = at
	s.Gone = append(slices.Clone(s.Gone), p)
	s.Gone = s.Gone[max(0, len(s.Gone)-mostGone):]
	return s
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (v sight) tells() bool { return !v.made.IsZero() }

// there is what there is, as far as that was seen.
func (v sight) there(s Side) []cloud.Grant {
	if !v.read.IsZero() {
		return v.live
	}
	out := slices.Clone(v.shown)
	for _, p := range s.Parts {
		if p.Since.After(v.made) && !slices.Contains(out, p.Grant) {
			out = append(out, p.Grant)
		}
	}
	return out
}

// known is from when on all is known: just behind a change that shows all, as what was
// there before it is not shown, and right from one that made the workload.
func (v sight) known(since time.Time) time.Time {
	earlier := func(t time.Time) {
		if since.IsZero() || t.Before(since) {
			since = t
		}
	}
	switch {
	case v.tells() && v.emptied:
		return v.made
	case v.tells():
		earlier(v.made.Add(1))
	case !v.read.IsZero():
		earlier(v.seen)
	}
	return since
}
