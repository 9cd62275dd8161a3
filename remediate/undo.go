package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// markUndone has the finding that u undid shown anew, as one that was undone: its
// card would go on offering the undo. How it ended stays as it is.
func (r *Remediator) markUndone(ctx context.Context, u finding.Finding) error {
	for range conflictTries {
		f, err := r.cfg.Store.Finding(ctx, u.UndoOf)
		switch {
		case errors.Is(err, fault.ErrNotFound): // forgotten by now
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", u.UndoOf, err)
		case f.UndoneBy == u.ID:
			return nil
		}
		if _, err = r.update(ctx, f.UndoneAs(u.ID, r.cfg.Now())); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("mark finding %s as undone: %w", u.UndoOf, fault.ErrConflict)
}
