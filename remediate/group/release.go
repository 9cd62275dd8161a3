package group

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// release has some of the findings told of that the roundup spoke for: those
// whose questions end first, and no more than the channel has messages for
// until it comes again. It returns how many had no message yet.
func (m *Notifier) release(ctx context.Context, d Roundup) (left int, err error) {
	covered, line, err := m.covered(ctx, d)
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
		if err := m.tellApart(ctx, id); err != nil {
			return 0, err
		}
	}
	for i, h := range let {
		// All due at once, in this order, and after those in line.
		if err := m.releaseOne(ctx, h.id, line.ends.Add(time.Duration(i)*time.Millisecond)); err != nil {
			return 0, err
		}
	}
	return len(covered) + line.length + line.unread, nil
}

type coveredFinding struct {
	id, group string
	expires   time.Time
}

// queue is of findings that wait for their message's turn.
type queue struct {
	length int
	ends   time.Time // when the last of them has its turn
	unread int       // those of which it is not known
}

// covered are the questions that the roundup speaks for, that which ends first
// first, and the line of those that were let go.
func (m *Notifier) covered(ctx context.Context, d Roundup) (out []coveredFinding, line queue, err error) {
	now := m.cfg.Now()
	line.ends = now
	q := finding.Query{States: []state.State{state.Pending}, Since: d.From, Limit: maxListed}
	for {
		fs, err := m.cfg.Store.Findings(ctx, q)
		leftOut, err := fault.Readable(err)
		if err != nil {
			return nil, line, fmt.Errorf("list what the roundup of %s speaks for: %w", d.Channel, err)
		}
		line.unread += leftOut
		for _, f := range fs {
			switch {
			case f.InRoundup == d.Channel:
				out = append(out, coveredFinding{f.ID, f.Group, f.ExpiresAt})
			case f.Group != "" && f.Owes(finding.Notify) && len(f.Surfaces) == 0 && m.groups.Channel(f) == d.Channel:
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
func (m *Notifier) tellApart(ctx context.Context, group string) error {
	_, err := Change(ctx, m.cfg.Store, group, m.cfg.Now(), func(g Group) (Group, bool, error) {
		changed := g.ID != "" && g.Medium != ByMessage
		g.Medium = ByMessage
		return g, changed, nil
	})
	return err
}

// conflictTries bounds how often releasing one finding starts over because somebody
// else wrote in between.
const conflictTries = 5

// releaseOne has the finding told of by its group's message, if it still asks.
func (m *Notifier) releaseOne(ctx context.Context, id string, at time.Time) error {
	for range conflictTries {
		f, err := m.cfg.Store.Finding(ctx, id)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", id, err)
		case f.InRoundup == "" || f.State != state.Pending:
			return nil
		}
		if _, err = m.cfg.Store.Update(ctx, f.Released(at)); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("store finding %s: %w", id, fault.ErrConflict)
}
