package remediate

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// revertsCell holds the automatic reverts of the last hour, of all processes
// that share the store. To count findings instead took a list of hours for each
// revert, in a burst of hundreds, and two processes could both find room for
// the last one.
const revertsCell = "reverts"

const (
	revertsWindow = time.Hour
	// maxReverts is how many the cell has room for: a store takes values of a
	// megabyte at most.
	maxReverts = 3000
)

// revert is one automatic revert that was allowed.
type revert struct {
	Finding string `json:"finding"`
	Policy  string `json:"policy"`
	Project string `json:"project,omitempty"`
	// Actor is a hash of whose it was: names are strangers' text, and as long as
	// they like. Empty in what a release without it counted.
	Actor string    `json:"actor,omitempty"`
	At    time.Time `json:"at"`
}

// actorHash is short, and still nobody finds a name that has another's.
func actorHash(who string) string {
	sum := sha256.Sum256([]byte(who))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// allowed counts the finding among the automatic reverts, unless it returns the
// limit that is reached. It is counted before it is stored as approved, under
// its ID: a process that dies in between, or is told of the change twice,
// counts it once. Where the count cannot be read or written nothing is allowed:
// the error has the change come again.
func (r *Remediator) allowed(ctx context.Context, f finding.Finding) (limit, error) {
	if over, err := r.limited(ctx, f); over.why != "" || err != nil {
		return over, err
	}
	r.counting.Lock()
	defer r.counting.Unlock()
	var over limit
	err := r.recount(ctx, func(recent []revert) []revert {
		over = r.cfg.Limits.reached(f, recent)
		if over.why != "" || counted(recent, f) {
			return recent
		}
		return append(recent, revert{f.ID, f.Policy, f.Resource.Project, actorHash(f.Budget()), r.cfg.Now()})
	})
	return over, err
}

// decide stores a finding that was just allowed to be reverted unasked, or not.
// Where another process was faster, and did not have it reverted, it no longer
// counts.
func (r *Remediator) decide(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	stored, err := r.update(ctx, f)
	if !errors.Is(err, fault.ErrConflict) || !f.Automatic {
		return stored, err
	}
	if theirs, missing := r.cfg.Store.Finding(ctx, f.ID); missing == nil && !theirs.Automatic {
		r.giveBack(ctx, f)
	}
	return stored, err
}

// giveBack takes out of the count what was no revert after all: somebody else
// fixed it, rescind may not, or a person is asked. What is not given back, for
// a crash or a store that fails, counts until its hour is over.
func (r *Remediator) giveBack(ctx context.Context, f finding.Finding) {
	if !f.Automatic {
		return
	}
	r.counting.Lock()
	defer r.counting.Unlock()
	err := r.recount(ctx, func(recent []revert) []revert {
		return slices.DeleteFunc(slices.Clone(recent), func(o revert) bool { return o.Finding == f.ID })
	})
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "an automatic revert that was none still counts", "finding", f.ID, "error", err.Error())
	}
}

func counted(recent []revert, f finding.Finding) bool {
	return slices.ContainsFunc(recent, func(o revert) bool { return o.Finding == f.ID })
}

// recount stores what next makes of the reverts of the last hour; nothing where
// that is the same.
func (r *Remediator) recount(ctx context.Context, next func([]revert) []revert) error {
	_, err := cells.Change(ctx, r.cfg.Store, revertsCell, r.cfg.Now().Add(revertsWindow), func(all []revert) ([]revert, bool, error) {
		recent := r.lately(all)
		after := next(recent)
		return after, !slices.Equal(after, recent), nil
	})
	if err != nil {
		return fmt.Errorf("count automatic reverts: %w", err)
	}
	return nil
}

// reverts returns the automatic reverts of the last hour.
func (r *Remediator) reverts(ctx context.Context) ([]revert, error) {
	all, _, err := cells.Read[[]revert](ctx, r.cfg.Store, revertsCell)
	if err != nil {
		return nil, fmt.Errorf("count automatic reverts: %w", err)
	}
	return r.lately(all), nil
}

// lately leaves out what was longer than an hour ago.
func (r *Remediator) lately(all []revert) []revert {
	hourAgo := r.cfg.Now().Add(-revertsWindow)
	return slices.DeleteFunc(all, func(o revert) bool { return o.At.Before(hourAgo) })
}
