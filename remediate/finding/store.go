package finding

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Store keeps findings.
type Store interface {
	Reader
	Writer
}

// Reader looks findings up. A finding that a later release of rescind wrote, and of
// which this one does not know all, is an error matching fault.ErrLater.
type Reader interface {
	// Finding returns the finding, or an error matching ErrNotFound.
	Finding(ctx context.Context, id string) (Finding, error)
	// Findings returns those that match, newest first by CreatedAt; those
	// of one instant in the order of their IDs; none behind the limit is looked
	// at. Those that cannot be read it leaves out, and names them in a
	// *fault.LeftOutError beside the others. Whoever decides by the list takes
	// that as any error: what one of them says could decide.
	Findings(ctx context.Context, q Query) ([]Finding, error)
	// Due returns findings whose DueAt is set and not after at, earliest
	// first; limit 0: no limit. What cannot be read it leaves out as Findings
	// does: a few of them must not keep every other finding from its end.
	Due(ctx context.Context, at time.Time, limit int) ([]Finding, error)
}

// Writer stores findings, each write whole or not at all.
type Writer interface {
	// Create stores f at revision 1, whatever f.Revision is, and returns it
	// so. It returns an error matching ErrExists if a finding with f.ID is
	// stored.
	Create(ctx context.Context, f Finding) (Finding, error)
	// Update replaces the finding if it is still at f.Revision, and returns it
	// at the next revision; otherwise an error matching ErrConflict or
	// ErrNotFound, and nothing is written. A finding whose trail does not
	// extend the stored one is refused: see Finding.Extends.
	Update(ctx context.Context, f Finding) (Finding, error)
}

// Query selects findings; a zero field selects all.
type Query struct {
	States   []state.State
	Policy   string
	Project  string
	Resource cloud.Resource
	Since    time.Time // CreatedAt not before
	Until    time.Time // CreatedAt before
	After    Position  // where an earlier list left off
	Limit    int       // 0: no limit
}

// Position is where a finding stands in a list of findings, whether or not it is
// still there.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// Position is the finding's: a list After it goes on with the next.
func (f Finding) Position() Position { return Position{f.CreatedAt, f.ID} }

// Precedes reports whether findings at p come before those at o in a list:
// newest first, those of one instant in the order of their IDs.
func (p Position) Precedes(o Position) bool {
	if !p.CreatedAt.Equal(o.CreatedAt) {
		return p.CreatedAt.After(o.CreatedAt)
	}
	return p.ID < o.ID
}

// Matches reports whether the finding is one the query selects.
func (q Query) Matches(f Finding) bool {
	if len(q.States) > 0 {
		found := false
		for _, s := range q.States {
			found = found || s == f.State
		}
		if !found {
			return false
		}
	}
	return (q.Policy == "" || q.Policy == f.Policy) &&
		(q.Project == "" || q.Project == f.Resource.Project) &&
		(q.Resource == cloud.Resource{} || q.Resource == f.Resource) &&
		(q.Since.IsZero() || !f.CreatedAt.Before(q.Since)) &&
		(q.Until.IsZero() || f.CreatedAt.Before(q.Until)) &&
		(q.After == Position{} || q.After.Precedes(f.Position()))
}

// KeepEnded is how long a store keeps a finding after its end, at least: as long as
// Google keeps the Admin Activity log.
const KeepEnded = trail.Keep

// ForgetAt is from when on a store may forget the finding; zero for never: it has not
// ended.
func (f Finding) ForgetAt() time.Time {
	if !f.State.Ended() || f.EndedAt.IsZero() {
		return time.Time{}
	}
	return f.EndedAt.Add(KeepEnded)
}

// Head is how far the finding's trail has come, for a root to hold.
func (f Finding) Head() trail.Head { return f.Timeline.HeadOf(f.ID, f.ForgetAt()) }
