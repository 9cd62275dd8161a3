package scan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/scope"
)

const (
	// sliceTime and sliceSize bound what one sweep scans; the next one goes on.
	// Whoever calls waits for it, and a sweep each minute is done before the
	// next, also where every call fails after its ten seconds.
	sliceTime = 20 * time.Second
	sliceSize = 500
	// resumable is how long a scan that was cut off may be gone on with: what
	// was read long ago says little of what is live.
	resumable = time.Hour
)

// hourly is the cell of the scan that sweeps make.
const hourly = "scan"

// Resources scans one resource; *remediate.Remediator does.
type Resources interface {
	// MayBeInScope reports whether the resource is in scope, or may be.
	MayBeInScope(ctx context.Context, r cloud.Resource) bool
	// Scan judges what is live of the resource; what a rate holds back is an
	// error matching *fault.BusyError.
	Scan(ctx context.Context, r cloud.Resource) (remediate.Outcome, error)
}

// Inventory lists what a scan goes through, a page at a time: an organization
// may hold more projects than one answer, or one process, has room for.
type Inventory interface {
	// List returns one page of the resources of the kind right in the
	// container: projects and folders of a folder or organization, services,
	// jobs and worker pools of a project. The empty page is the first, next
	// names the one after it, or is empty after the last. With an error
	// what was found is returned as well, and what could not be read is
	// missing from it.
	List(ctx context.Context, in cloud.Resource, k cloud.Kind, page string) (found []cloud.Resource, next string, err error)
}

// Config is all that a Scanner needs.
type Config struct {
	Resources Resources
	Inventory Inventory
	Store     cells.Store
	// Scope is what the scan of the sweep begins at, and what no scan goes into.
	Scope scope.Scope
	// Every is how often Some begins at the top; zero for never.
	Every time.Duration

	Now   func() time.Time
	Wait  func(ctx context.Context, d time.Duration) error // sleeps, or returns ctx's error
	NewID func() string                                    // names this process
	Log   *slog.Logger
}

// Scanner walks over what is live. It is safe for concurrent use, and several may
// share one store.
type Scanner struct{ cfg Config }

// New checks the configuration and returns a Scanner.
func New(c Config) (*Scanner, error) {
	var errs []error
	need := func(name string, missing bool) {
		if missing {
			errs = append(errs, errors.New("scan: "+name+" is missing"))
		}
	}
	need("Resources", c.Resources == nil)
	need("Inventory", c.Inventory == nil)
	need("Store", c.Store == nil)
	need("Now", c.Now == nil)
	need("Wait", c.Wait == nil)
	need("NewID", c.NewID == nil)
	need("Log", c.Log == nil)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Scanner{c}, nil
}

// Some takes the scan that belongs to the sweep a bounded step further: it
// begins a round at the tops of the scope when Every has passed since the
// last one began, or goes on with the one that is under way, however long that
// takes. One process at a time is at it; where that one dies, another goes on
// after its lease, and scans one resource twice at most. What cannot be read is
// logged, counted and left to the next round. Without Every it does nothing.
func (c *Scanner) Some(ctx context.Context) error {
	if c.cfg.Every == 0 {
		return nil
	}
	w, err := c.open(ctx, hourly)
	if err != nil {
		return err
	}
	now := c.cfg.Now()
	switch {
	case w.round.leased(now), w.round.over() && now.Before(w.round.Began.Add(c.cfg.Every)):
		return nil
	case w.round.over():
		w.begin(ctx, c.cfg.Scope.Include)
		c.cfg.Log.InfoContext(ctx, "scan begins")
	case !w.round.LeasedUntil.IsZero():
		c.cfg.Log.WarnContext(ctx, "scan goes on after a process that did not let go of it", "holder", w.round.Holder)
	}
	w.round.Holder = c.cfg.NewID()
	w.visit = func(v Visit) { c.logVisit(ctx, v) }
	begun := 0
	err = w.run(ctx, func() bool { begun++; return begun <= sliceSize && c.cfg.Now().Sub(now) < sliceTime })
	switch {
	case errors.Is(err, ErrTakenOver):
		return nil
	case err != nil:
		return fmt.Errorf("scan: %w", err)
	case w.round.over():
		c.cfg.Log.InfoContext(ctx, "scan ended", "scanned", w.round.Scanned, "failed", w.round.Failed, "raised", w.round.Raised)
	}
	return nil
}

func (c *Scanner) logVisit(ctx context.Context, v Visit) {
	if v.Err != nil {
		c.cfg.Log.WarnContext(ctx, "not scanned", "resource", v.Resource.String(), "error", v.Err.Error())
	}
}

// Walk is a scan that somebody asked for.
type Walk struct {
	// Name is what it is gone on under when it was cut off; one for each
	// choice of tops.
	Name string
	Tops []cloud.Resource
	// FromStart begins anew where an earlier one could be gone on with.
	FromStart bool
	// Resumed is told, first of all, how far an earlier one was.
	Resumed func(Round)
	// Visit is told of every resource scanned, and of every list that could
	// not be read.
	Visit func(Visit)
}

// All scans all that lies in and below the tops, waiting for its turn where
// a rate holds it back. It goes on where an earlier one of that name stopped, if
// that began within the hour. Of two at once the later goes on, and the other
// ends with an error matching ErrTakenOver.
func (c *Scanner) All(ctx context.Context, o Walk) (Round, error) {
	w, err := c.open(ctx, hourly+" "+o.Name)
	if err != nil {
		return Round{}, err
	}
	if o.FromStart || w.round.over() || c.cfg.Now().Sub(w.round.Began) >= resumable {
		w.begin(ctx, o.Tops)
	} else {
		o.Resumed(w.round)
	}
	w.patient, w.visit, w.round.Holder = true, o.Visit, c.cfg.NewID()
	w.cell.KeepUntil = w.round.Began.Add(resumable)
	err = w.run(ctx, func() bool { return true })
	return w.round, err
}
