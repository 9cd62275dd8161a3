package group

import (
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	// roundupWindow is the time over which a channel's new messages are counted.
	roundupWindow = 10 * time.Minute
	// roundupGrain is how exactly a flood's end is known. Within it no more are
	// counted than a flood takes, or ten thousand findings that come at once
	// would wait for each other to change one record.
	roundupGrain = time.Minute
	// roundupEvery is how often a roundup is written at most: it takes the
	// channel's turn from a card.
	roundupEvery = 10 * time.Second
	// keepRoundup is how long the record is kept after it last changed, which a
	// flood that goes on does all the time.
	keepRoundup = 30 * 24 * time.Hour
)

// Roundup is what is known of a channel's new messages, and of the roundup while
// there is one.
type Roundup struct {
	Channel string `json:"channel"`
	// Wanted is when the newest messages were wanted, oldest first: as many as
	// a flood takes. Those that the roundup speaks for count, too, or a flood would seem
	// to end by being spoken for.
	Wanted []time.Time `json:"wanted,omitempty"`
	// Since is when it began to speak for findings; zero while none are.
	Since time.Time `json:"since,omitzero"`
	// From is when the earliest of them was opened.
	From time.Time `json:"from,omitzero"`
	// Over is since when they get their own messages; zero while more come.
	Over time.Time `json:"over,omitzero"`
	// Message is the roundup's; without an ID before it is posted.
	Message finding.Surface `json:"message,omitzero"`
	// Drawn tells what the message shows from what it would show now; Draws
	// counts how often it was written.
	Drawn string `json:"drawn,omitempty"`
	Draws int64  `json:"draws,omitempty"`
	// NextAt is when it is looked at again. Until then one process has it to
	// itself, or nobody has to.
	NextAt time.Time `json:"next_at,omitzero"`
	// UnseenSince is since when the roundup could not be shown; zero while it
	// can. Broken is true where time alone will not mend that, and FellBack once
	// somebody was paged for it.
	UnseenSince time.Time `json:"unseen_since,omitzero"`
	Broken      bool      `json:"broken,omitempty"`
	FellBack    bool      `json:"fell_back,omitempty"`
	// PagedAt is when each pager last told of a finding that the roundup speaks for.
	PagedAt map[string]time.Time `json:"paged_at,omitempty"`
}

// Medium says what tells people of a group. The words are stored.
type Medium string

// What tells of a group.
const (
	ByMessage Medium = "message" // one of its own
	ByRoundup Medium = "digest"  // that of its channel
)

// flooded reports whether as many messages as a flood takes were wanted lately.
func (d Roundup) flooded(now time.Time, above int) bool {
	n := len(d.Wanted)
	return above > 0 && n >= above && now.Sub(d.Wanted[n-above]) < roundupWindow
}

// wanting counts one more message, and reports whether that changes anything.
func (d Roundup) wanting(now time.Time, above int) (Roundup, bool) {
	if above == 0 || d.flooded(now, above) && now.Sub(d.Wanted[len(d.Wanted)-above]) < roundupGrain {
		return d, false
	}
	d.Wanted = append(slices.Clip(d.Wanted), now)
	d.Wanted = d.Wanted[max(0, len(d.Wanted)-above):]
	return d, true
}

// joined is the transition of a finding whose group has no message. It says
// whether the roundup speaks for it, and whether the record changed.
func (d Roundup) joined(g Group, f finding.Finding, now time.Time, above int) (next Roundup, covered, changed bool) {
	switch {
	case f.InRoundup != "": // spoken for before: let go by release, or nobody has to know any more
		return d, f.State != state.Pending || !d.Since.IsZero(), false
	case g.Medium == ByRoundup: // one more of a cause that the roundup speaks for
		if d.Since.IsZero() || !d.Over.IsZero() {
			return d, false, false
		}
		next, changed = d.covering(f, now)
		return next, true, changed
	}
	flood := d.flooded(now, above)
	d, changed = d.wanting(now, above)
	if !flood || f.Severity == policies.Critical {
		return d, false, changed
	}
	next, more := d.covering(f, now)
	return next, true, changed || more
}

// covering is the transition of a finding that the roundup speaks for.
func (d Roundup) covering(f finding.Finding, now time.Time) (next Roundup, changed bool) {
	next = d
	if next.Since.IsZero() {
		next.Since, next.From = now, f.CreatedAt
	}
	if f.CreatedAt.Before(next.From) {
		next.From = f.CreatedAt
	}
	next.Over = time.Time{}
	return next, d.Since.IsZero() || !next.From.Equal(d.From) || !d.Over.IsZero()
}

// due reports whether somebody has to look after the roundup.
func (d Roundup) due(now time.Time) bool { return !d.Since.IsZero() && !now.Before(d.NextAt) }

// tended is the transition of a process that looks after the roundup now.
func (d Roundup) tended(now time.Time, above int) Roundup {
	d.NextAt = now.Add(finding.NotifyLease)
	if d.Over.IsZero() && !d.flooded(now, above) {
		d.Over = now
	}
	return d
}

// quiet reports whether the flood has been over for so long that every
// finding it spoke for is stored as such.
func (d Roundup) quiet(now time.Time) bool {
	return !d.Over.IsZero() && now.Sub(d.Over) >= 2*finding.NotifyLease
}

// releases reports whether findings get their own messages now: not while Slack
// takes none, or each of them would page for want of one. A roundup that is
// refused for itself must not hold them back for ever.
func (d Roundup) releases(now time.Time) bool {
	return !d.Over.IsZero() && (d.UnseenSince.IsZero() || now.Sub(d.Over) >= roundupWindow)
}

// drawn is the transition of having drawn the roundup, or not, so that it shows
// what drawn stands for.
func (d Roundup) drawn(at finding.Surface, drawn string, now time.Time, failed error) Roundup {
	d.NextAt, d.Message = now.Add(roundupEvery), at
	_, limited := fault.NextTurn(failed)
	d.Broken = d.Broken || errors.Is(failed, fault.ErrBroken)
	switch {
	case failed == nil:
		d.UnseenSince, d.Broken, d.FellBack = time.Time{}, false, false
		if drawn != d.Drawn {
			d.Drawn = drawn
			d.Draws++
		}
	case !limited && d.UnseenSince.IsZero():
		d.UnseenSince = now
	}
	return d
}

// failing reports whether somebody is to be told otherwise, and was not: at once
// where the way is broken, else after that time; zero is never.
func (d Roundup) failing(now time.Time, after time.Duration) bool {
	late := after > 0 && now.Sub(d.UnseenSince) >= after
	return !d.UnseenSince.IsZero() && !d.FellBack && (d.Broken || late)
}

// closed is the transition of a flood that is over, with nobody left to speak
// for. Its message stays as it was drawn last; the next flood has its own.
func (d Roundup) closed() Roundup {
	return Roundup{Channel: d.Channel, Wanted: d.Wanted, PagedAt: d.PagedAt}
}
