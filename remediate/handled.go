package remediate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// A change was handled when one of its ID and its content was. The ID alone is
// made of what anybody can read in a log and write in an event: one that was made
// up, or the half of an operation that contradicts the other, would keep the true
// one from being judged.

// withContent is the change with the digest of all that is judged.
func withContent(c cloud.Change) (cloud.Change, error) {
	c.Content = ""
	canonical, err := json.Marshal(c)
	if err != nil {
		return c, fmt.Errorf("digest of change %s: %w", c.ID, err)
	}
	sum := sha256.Sum256(canonical)
	c.Content = hex.EncodeToString(sum[:])
	return c, nil
}

// handledAs is what the change is remembered by. A first half is not the end of
// its change, and nothing is lost where the last half was there before it: that
// one was judged on what was live after both.
func handledAs(c cloud.Change) string {
	if c.Half == cloud.FirstHalf {
		return c.ID
	}
	return c.ID + " " + c.Content
}

// markHandled remembers that the change was handled to its end. The last half of
// an operation ends the first one, too.
func (r *Remediator) markHandled(ctx context.Context, c cloud.Change) error {
	var keys []string
	switch c.Half {
	case cloud.Whole:
		keys = []string{handledAs(c)}
	case cloud.LastHalf:
		keys = []string{handledAs(c), c.ID}
	}
	for _, key := range keys {
		if err := r.cfg.Store.MarkHandled(ctx, key, r.cfg.Now()); err != nil {
			return fmt.Errorf("record change %s: %w", c.ID, err)
		}
	}
	return nil
}

// continues reports whether the judgement is about the finding that has its ID:
// one that the same entry began, or the other half of its operation with the same
// to say. What ended otherwise stays so, and what another entry was about is no
// answer to this one.
func (k judged) continues(f finding.Finding) bool {
	switch {
	case k.vanished, f.State == state.Waiting, f.Change.Content == "", f.Change.Content == k.change.Content:
		return true
	case f.State == state.Superseded:
		return false
	}
	// While Google Cloud is at work, the template that the plan is for has no name yet.
	return f.Plan.Digest == k.Plan.Digest || !f.State.Ended() && f.Plan.Alike(k.Plan)
}
