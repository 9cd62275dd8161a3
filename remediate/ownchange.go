package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// ownWithin is how far back a finding may have begun that explains a change by
// rescind: a question can stand, and what was only reported can be reverted long
// after.
const ownWithin = 90 * 24 * time.Hour

// ownChange looks whether rescind itself made a change that bears its name. If
// no finding says that it did, somebody else has its identity: that raises an
// alarm, once for each change. It opens no finding, as what rescind may write
// rescind must not judge.
//
// What is about to be written is stored with the claim, before the write, so it
// is there even when the event is faster than the end of the write.
func (r *Remediator) ownChange(ctx context.Context, c cloud.Change) error {
	near, err := r.Store.Findings(ctx, finding.Query{Resource: c.Resource, Since: c.Time.Add(-ownWithin)})
	if err != nil {
		return fmt.Errorf("look up what rescind did to %s: %w", c.Resource, err)
	}
	if slices.ContainsFunc(near, func(f finding.Finding) bool { return f.Explains(c, r.Now()) }) {
		return nil
	}
	id := cmp.Or(c.ID, strings.Join([]string{c.Resource.String(), c.Method, c.Time.UTC().Format(time.RFC3339Nano)}, " "))
	return r.alarm(ctx, id, fmt.Sprintf("somebody uses the identity of rescind: %s made a change to %s at %s (%s) that rescind did not make",
		trail.Fit(c.Actor.Principal, trail.MaxName), trail.Fit(c.Resource.Path(), trail.MaxWho), c.Time.UTC().Format(time.RFC3339), trail.Fit(c.Method, trail.MaxName)))
}

// raised reports whether an alarm of that name was raised before.
func (r *Remediator) raised(ctx context.Context, id string) (bool, error) {
	c, err := r.Store.Cell(ctx, raisedCell(id))
	if err != nil {
		return false, fmt.Errorf("look up alarm %s: %w", id, err)
	}
	return c.Revision > 0, nil
}

// markRaised remembers the alarm for longer than an event can come again.
func (r *Remediator) markRaised(ctx context.Context, id string) error {
	raised, err := r.raised(ctx, id)
	if err != nil || raised {
		return err
	}
	c := cells.Cell{Name: raisedCell(id), Value: []byte("raised"), KeepUntil: r.Now().Add(ownWithin)}
	if _, err := r.Store.SetCell(ctx, c); err != nil && !errors.Is(err, fault.ErrConflict) {
		return fmt.Errorf("remember alarm %s: %w", id, err)
	}
	return nil
}

// raisedCell holds that the alarm was raised.
func raisedCell(id string) string { return "alarm/" + id }
