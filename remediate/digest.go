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
)

const (
	// maxSummed bounds how many findings a digest is drawn from: of more it
	// says "at least".
	maxSummed = 1000
	// maxInLine is how many findings that are let go wait for their messages at
	// once. All ten thousand would fill every sweep.
	maxInLine = 30
	// maxLetGo bounds how many one round lets go: a group is let go whole.
	maxLetGo = maxGroup
)

// DigestNotifier is a Notifier that can speak for many findings in one message.
type DigestNotifier interface {
	GroupNotifier
	// EveryChannel lists what Channel may name.
	EveryChannel() []string
	// NotifyDigest posts or rewrites the channel's digest and returns where it
	// is now, also with an error. What it posts first holds no number, which it
	// could not take back if nobody came to store where it is.
	NotifyDigest(ctx context.Context, d Flood, s Sum) (Surface, error)
}

// Sum is what a digest speaks for, as it stands in the store, newest first.
type Sum struct {
	Open  []Finding // not finished: pending, but for those that are being carried out
	Ended []Finding // that ended without a message of their own
	// More is true where there are more than were looked at.
	More bool
	// Above is how many new messages in ten minutes the channel takes.
	Above int
	// Done is true once the digest speaks for nobody any more.
	Done bool
}

// heldBack reports whether the channel's digest speaks for the finding in place
// of a message of its group, and stores what the group is told by.
func (r *Remediator) heldBack(ctx context.Context, n GroupNotifier, g Group, f Finding) (held bool, err error) {
	dn, ok := n.(DigestNotifier)
	if !ok || len(g.Surfaces) > 0 || g.ToldBy == ByMessage || r.DigestAbove == 0 && g.ToldBy == "" {
		return false, nil
	}
	now := r.Now()
	d, err := changeFlood(ctx, r.Store, g.Cause.Channel, now, func(d Flood) (next Flood, changed bool) {
		next, held, changed = d.asked(g, f, now, r.DigestAbove)
		return next, changed
	})
	if err != nil {
		return false, err
	}
	by := ByMessage
	if held {
		by = ByDigest
	}
	g, err = changeGroup(ctx, r.Store, g.ID, now, func(g Group) (Group, bool, error) {
		if g.ToldBy == by || held && g.ToldBy != "" {
			return g, false, nil
		}
		g.ToldBy = by
		return g, true, nil
	})
	if err != nil || g.ToldBy == ByMessage {
		return false, err
	}
	if d.due(now) {
		r.tendOne(ctx, dn, g.Cause.Channel)
	}
	return true, nil
}

// tendDigests looks after the digest of every channel that has one.
func (r *Remediator) tendDigests(ctx context.Context) {
	if n, ok := r.Notifier.(DigestNotifier); ok {
		for _, channel := range n.EveryChannel() {
			r.tendOne(ctx, n, channel)
		}
	}
}

// tendOne is tend where nothing else depends on it: the sweep comes back.
func (r *Remediator) tendOne(ctx context.Context, n DigestNotifier, channel string) {
	err := r.tend(ctx, n, channel)
	switch _, held := busy(err); {
	case err == nil:
	case held:
		r.Log.DebugContext(ctx, "digest waits for its turn", "channel", channel, "error", err.Error())
	default:
		r.Log.ErrorContext(ctx, "digest not brought up to date, will be tried again", "channel", channel, "error", err.Error())
	}
}

// tend brings a channel's digest up to date and, once the flood is over, has
// the findings that still ask told of one by one.
func (r *Remediator) tend(ctx context.Context, n DigestNotifier, channel string) error {
	now, mine := r.Now(), false
	d, err := readFlood(ctx, r.Store, channel)
	if err != nil || !d.due(now) {
		return err
	}
	d, err = changeFlood(ctx, r.Store, channel, now, func(d Flood) (Flood, bool) {
		mine = d.due(now)
		return d.tended(now, r.DigestAbove), mine
	})
	if err != nil || !mine {
		return err
	}
	s := Sum{Above: r.DigestAbove}
	switch {
	case d.Over.IsZero():
		s, err = r.sum(ctx, d)
	case d.letsGo(now):
		var left int
		left, err = r.release(ctx, n, d)
		s.Done = err == nil && left == 0 && d.settled(now)
	}
	if err != nil {
		return err
	}
	return r.drawDigest(ctx, n, d, s)
}

func (r *Remediator) drawDigest(ctx context.Context, n DigestNotifier, d Flood, s Sum) error {
	now, at, drawn := r.Now(), d.Message, s.print(d)
	var failed error
	if drawn != d.Drawn && !(s.Done && d.Message.ID == "") {
		at, failed = n.NotifyDigest(ctx, d, s)
		if at.ID != d.Message.ID {
			drawn = "posted" // without a number: it is rewritten next time
		}
	}
	// What was posted is stored even when the request that began it has gone.
	d, err := changeFlood(context.WithoutCancel(ctx), r.Store, d.Channel, now, func(d Flood) (Flood, bool) {
		d = d.shown(at, drawn, now, failed)
		if s.Done && failed == nil && !d.Over.IsZero() { // else it began again meanwhile
			d = d.ended()
		}
		return d, true
	})
	broken := errors.Is(failed, ErrBroken)
	if broken {
		r.Log.ErrorContext(ctx, "the approval path is broken", "channel", d.Channel, "error", failed.Error())
	}
	late := r.FallbackAfter > 0 && !d.UnseenSince.IsZero() && now.Sub(d.UnseenSince) >= r.FallbackAfter
	if err == nil && !d.FellBack && (broken || late) {
		err = r.digestUnseen(ctx, n, d)
	}
	return errors.Join(failed, err)
}

// sum looks up what the digest speaks for.
func (r *Remediator) sum(ctx context.Context, d Flood) (Sum, error) {
	s := Sum{Above: r.DigestAbove}
	for _, part := range []struct {
		of   []State
		into *[]Finding
	}{{Open(), &s.Open}, {ended(), &s.Ended}} {
		fs, err := r.Store.Findings(ctx, Query{States: part.of, Since: d.From, Limit: maxSummed})
		if err != nil {
			return Sum{}, fmt.Errorf("list what the digest of %s speaks for: %w", d.Channel, err)
		}
		s.More = s.More || len(fs) == maxSummed
		*part.into = slices.DeleteFunc(fs, func(f Finding) bool { return f.InDigest != d.Channel })
	}
	return s, nil
}

func ended() []State {
	return slices.DeleteFunc(States(), func(s State) bool { return !s.Ended() })
}

// print tells one drawing of the digest from another.
func (s Sum) print(d Flood) string {
	var b strings.Builder
	fmt.Fprint(&b, s.Done, s.More, s.Above, d.Over.IsZero())
	for _, f := range slices.Concat(s.Open, s.Ended) {
		b.WriteString(" " + f.ID + " " + string(f.State))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

// release has some of the findings told of that the digest spoke for: those
// whose questions end first, and no more than the channel has messages for
// until it comes again. It returns how many had no message yet.
func (r *Remediator) release(ctx context.Context, n GroupNotifier, d Flood) (left int, err error) {
	held, line, err := r.held(ctx, n, d)
	if err != nil {
		return 0, err
	}
	groups := map[string]bool{}
	var let []heldFinding
	for _, h := range held {
		if !groups[h.group] && (line.long+len(groups) >= maxInLine || len(let) >= maxLetGo) {
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
		if err := r.letGo(ctx, h.id, line.ends.Add(time.Duration(i)*time.Millisecond)); err != nil {
			return 0, err
		}
	}
	return len(held) + line.long, nil
}

type heldFinding struct {
	id, group string
	expires   time.Time
}

// waitingLine is of findings that wait for their message's turn.
type waitingLine struct {
	long int
	ends time.Time // when the last of them has its turn
}

// held are the questions that the digest speaks for, that which ends first
// first, and the line of those that were let go.
func (r *Remediator) held(ctx context.Context, n GroupNotifier, d Flood) (out []heldFinding, line waitingLine, err error) {
	now := r.Now()
	line.ends = now
	q := Query{States: []State{Pending}, Since: d.From, Limit: maxSummed}
	for {
		fs, err := r.Store.Findings(ctx, q)
		if err != nil {
			return nil, line, fmt.Errorf("list what the digest of %s speaks for: %w", d.Channel, err)
		}
		for _, f := range fs {
			switch {
			case f.InDigest == d.Channel:
				out = append(out, heldFinding{f.ID, f.Group, f.ExpiresAt})
			case f.Group != "" && f.Owes(Notify) && len(f.Surfaces) == 0 && n.Channel(f) == d.Channel:
				line.long++
				if f.DueAt.After(line.ends) && f.DueAt.Before(now.Add(time.Minute)) {
					line.ends = f.DueAt // one that Slack keeps refusing waits longer
				}
			}
		}
		if len(fs) < maxSummed {
			break
		}
		q.After = fs[len(fs)-1].Position()
	}
	slices.SortFunc(out, func(a, b heldFinding) int {
		return cmp.Or(a.expires.Compare(b.expires), strings.Compare(a.id, b.id))
	})
	return out, line, nil
}

// tellApart gives a group that was held back a message of its own.
func (r *Remediator) tellApart(ctx context.Context, group string) error {
	_, err := changeGroup(ctx, r.Store, group, r.Now(), func(g Group) (Group, bool, error) {
		changed := g.ID != "" && g.ToldBy != ByMessage
		g.ToldBy = ByMessage
		return g, changed, nil
	})
	return err
}

// letGo has the finding told of by its group's message, if it still asks.
func (r *Remediator) letGo(ctx context.Context, id string, at time.Time) error {
	for range conflictTries {
		f, err := r.Store.Finding(ctx, id)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", id, err)
		case f.InDigest == "" || f.State != Pending:
			return nil
		}
		if _, err = r.update(ctx, f.released(at)); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("store finding %s: %w", id, ErrConflict)
}

// digestUnseen has one finding speak for all that the digest should have spoken
// for and did not, as nobody can be told: it is marked, and pages on-call.
func (r *Remediator) digestUnseen(ctx context.Context, n GroupNotifier, d Flood) error {
	held, _, err := r.held(ctx, n, d)
	if err != nil || len(held) == 0 {
		return err
	}
	f, err := r.Store.Finding(ctx, held[0].id)
	if err != nil {
		return fmt.Errorf("look up finding %s: %w", held[0].id, err)
	}
	f.UndeliveredSince = d.UnseenSince
	f = r.fallBack(f, r.Now())
	f.FellBack = r.fellBack(ctx, f)
	if f, err = r.update(ctx, f); err != nil {
		return err
	}
	r.work(ctx, f)
	_, err = changeFlood(ctx, r.Store, d.Channel, r.Now(), func(d Flood) (Flood, bool) {
		d.FellBack = true
		return d, true
	})
	return err
}

// pageOfDigest pages about a finding that has no message of its own. All of
// them are in one message, and are one page.
func (r *Remediator) pageOfDigest(ctx context.Context, p Pager, f Finding) error {
	now := r.Now()
	d, err := readFlood(ctx, r.Store, f.InDigest)
	if err != nil || now.Sub(d.PagedAt[p.Name()]) < pageEvery {
		return err
	}
	if err := p.Page(ctx, f); err != nil {
		return err
	}
	_, err = changeFlood(ctx, r.Store, f.InDigest, now, func(d Flood) (Flood, bool) {
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
