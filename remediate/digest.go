package remediate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	// maxListed bounds how many findings a roundup is drawn from: of more it
	// says "at least".
	maxListed = 1000
	// maxQueued is how many findings that are let go wait for their messages at
	// once. All ten thousand would fill every sweep.
	maxQueued = 30
	// maxReleased bounds how many one round lets go: a group is let go whole.
	maxReleased = maxGroup
)

// RoundupNotifier is a Notifier that can speak for many findings in one message.
type RoundupNotifier interface {
	GroupNotifier
	// EveryChannel lists what Channel may name.
	EveryChannel() []string
	// NotifyDigest posts or rewrites the channel's roundup and returns where it
	// is now, also with an error. What it posts first holds no number, which it
	// could not take back if nobody came to store where it is.
	NotifyRoundup(ctx context.Context, d Roundup, s RoundupContent) (finding.Surface, error)
}

// RoundupContent is what a roundup speaks for, as it stands in the store, newest first.
type RoundupContent struct {
	Open  []finding.Finding // not finished: pending, but for those that are being carried out
	Ended []finding.Finding // that ended without a message of their own
	// More is true where there are more than were looked at.
	More bool
	// Above is how many new messages in ten minutes the channel takes.
	Above int
	// Done is true once the roundup speaks for nobody any more.
	Done bool
}

// roundUp reports whether the channel's roundup speaks for the finding in place
// of a message of its group, and stores what the group is told by.
func (r *Remediator) roundUp(ctx context.Context, n GroupNotifier, g Group, f finding.Finding) (covered bool, err error) {
	dn, ok := n.(RoundupNotifier)
	if !ok || len(g.Surfaces) > 0 || g.Medium == ByMessage || r.RoundupAbove == 0 && g.Medium == "" {
		return false, nil
	}
	now := r.Now()
	d, err := changeRoundup(ctx, r.Store, g.Cause.Channel, now, func(d Roundup) (next Roundup, changed bool) {
		next, covered, changed = d.joined(g, f, now, r.RoundupAbove)
		return next, changed
	})
	if err != nil {
		return false, err
	}
	by := ByMessage
	if covered {
		by = ByRoundup
	}
	g, err = changeGroup(ctx, r.Store, g.ID, now, func(g Group) (Group, bool, error) {
		if g.Medium == by || covered && g.Medium != "" {
			return g, false, nil
		}
		g.Medium = by
		return g, true, nil
	})
	if err != nil || g.Medium == ByMessage {
		return false, err
	}
	if d.due(now) {
		r.tendOne(ctx, dn, g.Cause.Channel)
	}
	return true, nil
}

// tendRoundups looks after the roundup of every channel that has one.
func (r *Remediator) tendRoundups(ctx context.Context) {
	if n, ok := r.Notifier.(RoundupNotifier); ok {
		for _, channel := range n.EveryChannel() {
			r.tendOne(ctx, n, channel)
		}
	}
}

// tendOne is tend where nothing else depends on it: the sweep comes back.
func (r *Remediator) tendOne(ctx context.Context, n RoundupNotifier, channel string) {
	err := r.tend(ctx, n, channel)
	switch _, limited := fault.NextTurn(err); {
	case err == nil:
	case limited:
		r.Log.DebugContext(ctx, "roundup waits for its turn", "channel", channel, "error", err.Error())
	default:
		r.Log.ErrorContext(ctx, "roundup not brought up to date, will be tried again", "channel", channel, "error", err.Error())
	}
}

// tend brings a channel's roundup up to date and, once the flood is over, has
// the findings that still ask told of one by one.
func (r *Remediator) tend(ctx context.Context, n RoundupNotifier, channel string) error {
	now, mine := r.Now(), false
	d, err := readRoundup(ctx, r.Store, channel)
	if err != nil || !d.due(now) {
		return err
	}
	d, err = changeRoundup(ctx, r.Store, channel, now, func(d Roundup) (Roundup, bool) {
		mine = d.due(now)
		return d.tended(now, r.RoundupAbove), mine
	})
	if err != nil || !mine {
		return err
	}
	s := RoundupContent{Above: r.RoundupAbove}
	switch {
	case d.Over.IsZero():
		s, err = r.contentOf(ctx, d)
	case d.releases(now):
		var left int
		left, err = r.release(ctx, n, d)
		s.Done = err == nil && left == 0 && d.quiet(now)
	}
	if err != nil {
		return err
	}
	return r.drawRoundup(ctx, n, d, s)
}

func (r *Remediator) drawRoundup(ctx context.Context, n RoundupNotifier, d Roundup, s RoundupContent) error {
	now, at, drawn := r.Now(), d.Message, s.fingerprint(d)
	var failed error
	if drawn != d.Drawn && !(s.Done && d.Message.ID == "") {
		at, failed = n.NotifyRoundup(ctx, d, s)
		if at.ID != d.Message.ID {
			drawn = "posted" // without a number: it is rewritten next time
		}
	}
	// What was posted is stored even when the request that began it has gone.
	d, err := changeRoundup(context.WithoutCancel(ctx), r.Store, d.Channel, now, func(d Roundup) (Roundup, bool) {
		d = d.drawn(at, drawn, now, failed)
		if s.Done && failed == nil && !d.Over.IsZero() { // else it began again meanwhile
			d = d.closed()
		}
		return d, true
	})
	broken := errors.Is(failed, fault.ErrBroken)
	if broken {
		r.Log.ErrorContext(ctx, "the approval path is broken", "channel", d.Channel, "error", failed.Error())
	}
	late := r.FallbackAfter > 0 && !d.UnseenSince.IsZero() && now.Sub(d.UnseenSince) >= r.FallbackAfter
	if err == nil && !d.FellBack && (broken || late) {
		err = r.roundupUnseen(ctx, n, d)
	}
	return errors.Join(failed, err)
}

// contentOf looks up what the roundup speaks for.
func (r *Remediator) contentOf(ctx context.Context, d Roundup) (RoundupContent, error) {
	s := RoundupContent{Above: r.RoundupAbove}
	for _, part := range []struct {
		of   []state.State
		into *[]finding.Finding
	}{{state.Open(), &s.Open}, {ended(), &s.Ended}} {
		fs, err := r.Store.Findings(ctx, finding.Query{States: part.of, Since: d.From, Limit: maxListed})
		if err != nil {
			return RoundupContent{}, fmt.Errorf("list what the roundup of %s speaks for: %w", d.Channel, err)
		}
		s.More = s.More || len(fs) == maxListed
		*part.into = slices.DeleteFunc(fs, func(f finding.Finding) bool { return f.InRoundup != d.Channel })
	}
	return s, nil
}

func ended() []state.State {
	return slices.DeleteFunc(state.All(), func(s state.State) bool { return !s.Ended() })
}

// fingerprint tells one drawing of the roundup from another.
func (s RoundupContent) fingerprint(d Roundup) string {
	var b strings.Builder
	fmt.Fprint(&b, s.Done, s.More, s.Above, d.Over.IsZero())
	for _, f := range slices.Concat(s.Open, s.Ended) {
		b.WriteString(" " + f.ID + " " + string(f.State))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// release has some of the findings told of that the roundup spoke for: those
// whose questions end first, and no more than the channel has messages for
// until it comes again. It returns how many had no message yet.
func (r *Remediator) release(ctx context.Context, n GroupNotifier, d Roundup) (left int, err error) {
	covered, line, err := r.covered(ctx, n, d)
	if err != nil {
		return 0, err
	}
	groups := map[string]bool{}
	var let []coveredFinding
	for _, h := range covered {
		if !groups[h.group] && (line.length+len(groups) >= maxQueued || len(let) >= maxReleased) {
			continue
		}
		groups[h.group] = true
		let = append(let, h)
	}
	for id := range groups {
		if err := r.tellApart(ctx, id); err != nil {
			return 0, err
		}
	}
	for i, h := range let {
		// All due at once, in this order, and after those in line.
		if err := r.releaseOne(ctx, h.id, line.ends.Add(time.Duration(i)*time.Millisecond)); err != nil {
			return 0, err
		}
	}
	return len(covered) + line.length, nil
}

type coveredFinding struct {
	id, group string
	expires   time.Time
}

// queue is of findings that wait for their message's turn.
type queue struct {
	length int
	ends   time.Time // when the last of them has its turn
}

// covered are the questions that the roundup speaks for, that which ends first
// first, and the line of those that were let go.
func (r *Remediator) covered(ctx context.Context, n GroupNotifier, d Roundup) (out []coveredFinding, line queue, err error) {
	now := r.Now()
	line.ends = now
	q := finding.Query{States: []state.State{state.Pending}, Since: d.From, Limit: maxListed}
	for {
		fs, err := r.Store.Findings(ctx, q)
		if err != nil {
			return nil, line, fmt.Errorf("list what the roundup of %s speaks for: %w", d.Channel, err)
		}
		for _, f := range fs {
			switch {
			case f.InRoundup == d.Channel:
				out = append(out, coveredFinding{f.ID, f.Group, f.ExpiresAt})
			case f.Group != "" && f.Owes(finding.Notify) && len(f.Surfaces) == 0 && n.Channel(f) == d.Channel:
				line.length++
				if f.DueAt.After(line.ends) && f.DueAt.Before(now.Add(time.Minute)) {
					line.ends = f.DueAt // one that Slack keeps refusing waits longer
				}
			}
		}
		if len(fs) < maxListed {
			break
		}
		q.After = fs[len(fs)-1].Position()
	}
	slices.SortFunc(out, func(a, b coveredFinding) int {
		return cmp.Or(a.expires.Compare(b.expires), strings.Compare(a.id, b.id))
	})
	return out, line, nil
}

// tellApart gives a group that the roundup spoke for a message of its own.
func (r *Remediator) tellApart(ctx context.Context, group string) error {
	_, err := changeGroup(ctx, r.Store, group, r.Now(), func(g Group) (Group, bool, error) {
		changed := g.ID != "" && g.Medium != ByMessage
		g.Medium = ByMessage
		return g, changed, nil
	})
	return err
}

// releaseOne has the finding told of by its group's message, if it still asks.
func (r *Remediator) releaseOne(ctx context.Context, id string, at time.Time) error {
	for range conflictTries {
		f, err := r.Store.Finding(ctx, id)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", id, err)
		case f.InRoundup == "" || f.State != state.Pending:
			return nil
		}
		if _, err = r.update(ctx, f.Released(at)); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("store finding %s: %w", id, fault.ErrConflict)
}

// roundupUnseen has one finding speak for all that the roundup should have spoken
// for and did not, as nobody can be told: it is marked, and pages on-call.
func (r *Remediator) roundupUnseen(ctx context.Context, n GroupNotifier, d Roundup) error {
	covered, _, err := r.covered(ctx, n, d)
	if err != nil || len(covered) == 0 {
		return err
	}
	f, err := r.Store.Finding(ctx, covered[0].id)
	if err != nil {
		return fmt.Errorf("look up finding %s: %w", covered[0].id, err)
	}
	f.UndeliveredSince = d.UnseenSince
	f = f.Undeliverable(r.Now(), r.pagers())
	f.FellBack = r.fellBack(ctx, f)
	if f, err = r.update(ctx, f); err != nil {
		return err
	}
	r.work(ctx, f)
	_, err = changeRoundup(ctx, r.Store, d.Channel, r.Now(), func(d Roundup) (Roundup, bool) {
		d.FellBack = true
		return d, true
	})
	return err
}

// pageOfRoundup pages about a finding that has no message of its own. All of
// them are in one message, and are one page.
func (r *Remediator) pageOfRoundup(ctx context.Context, p Pager, f finding.Finding) error {
	now := r.Now()
	d, err := readRoundup(ctx, r.Store, f.InRoundup)
	if err != nil || now.Sub(d.PagedAt[p.Name()]) < finding.PageEvery {
		return err
	}
	if err := p.Page(ctx, f); err != nil {
		return err
	}
	_, err = changeRoundup(ctx, r.Store, f.InRoundup, now, func(d Roundup) (Roundup, bool) {
		paged := maps.Clone(d.PagedAt)
		if paged == nil {
			paged = map[string]time.Time{}
		}
		paged[p.Name()] = now
		d.PagedAt = paged
		return d, true
	})
	return err
}
