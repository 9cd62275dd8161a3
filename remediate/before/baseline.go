package before

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// base is the cell of a project's baseline.
type base struct {
	// At is when reading the project began, once all of it was read; zero before.
	At time.Time `json:"at,omitzero"`
	// Holder is the process that reads it, until Until.
	Holder string    `json:"holder,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	// Failed is true where not all of it could be read, for a reason that does not pass.
	Failed bool `json:"failed,omitempty"`
}

func baseOf(project string) string { return "baseline/" + project }

// baseline is what is known of the project's.
func (m *Memory) baseline(ctx context.Context, project string) (base, error) {
	m.mu.Lock()
	b, known := m.read[project]
	m.mu.Unlock()
	if known {
		return b, nil
	}
	b, _, err := cells.Read[base](ctx, m.store, baseOf(project))
	if err != nil {
		return base{}, err
	}
	if !b.At.IsZero() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.read[project] = b
	}
	return b, nil
}

// Inventory lists what lies right in a container, a page at a time; package scan has its
// promise.
type Inventory interface {
	List(ctx context.Context, in cloud.Resource, k cloud.Kind, page string) (found []cloud.Resource, next string, err error)
}

// Baseline reads what is live of each project once, so that what comes later can be told
// from what was there. It opens no finding: the scan does.
type Baseline struct {
	Memory    *Memory
	Inventory Inventory
	// Look reads one workload.
	Look func(ctx context.Context, r cloud.Resource) (judge.Snapshot, error)
	// Tops is where it begins, Skips what it does not go into.
	Tops  []cloud.Resource
	Skips func(ctx context.Context, r cloud.Resource) bool

	Now   func() time.Time
	Wait  func(ctx context.Context, d time.Duration) error // sleeps, or returns ctx's error
	NewID func() string                                    // names this process
	Log   *slog.Logger
}

const (
	// baseLease is how long a process may be at one project before another begins it anew.
	baseLease = 10 * time.Minute
	// atOnce is how many projects are read side by side. Each has limits of its own at
	// Google, and events come first: eight leave most of a processor to them.
	atOnce = 8
)

// Sum is what reading came to.
type Sum struct {
	Projects, Workloads int // that were read now
	Left                int // projects and lists that could not be read, or that another process reads
}

// Read reads every project that was not read yet, and returns when no more can be read for
// now. What cannot be read is logged and left. The error is that of ctx, or of the store.
func (b Baseline) Read(ctx context.Context) (Sum, error) {
	r := &reading{Baseline: b, me: b.NewID()}
	projects := make(chan cloud.Resource)
	var readers sync.WaitGroup
	for range atOnce {
		readers.Go(func() {
			for p := range projects {
				r.project(ctx, p)
			}
		})
	}
	for _, top := range b.Tops {
		r.container(ctx, top, projects)
	}
	close(projects)
	readers.Wait()
	return r.sum, errors.Join(r.failed, ctx.Err())
}

// reading is one run of a Baseline.
type reading struct {
	Baseline
	me string

	mu     sync.Mutex
	sum    Sum
	failed error // of the store
}

// container hands on each project in it.
func (r *reading) container(ctx context.Context, in cloud.Resource, projects chan<- cloud.Resource) {
	if ctx.Err() != nil || r.Skips(ctx, in) {
		return
	}
	if in.Kind == cloud.Project {
		projects <- in
		return
	}
	for _, kind := range in.Kind.Holds() {
		err := r.each(ctx, in, kind, func(c cloud.Resource) error {
			if !slices.Contains(r.Tops, c) {
				r.container(ctx, c, projects)
			}
			return nil
		})
		if err != nil {
			r.left(ctx, in, err)
		}
	}
}

// each calls do with everything of the kind in the container, waiting for its turn where a
// rate holds it back.
func (r *reading) each(ctx context.Context, in cloud.Resource, kind cloud.Kind, do func(cloud.Resource) error) error {
	page := ""
	for {
		var found []cloud.Resource
		var next string
		err := fault.InTurn(ctx, r.Wait, func() (err error) {
			found, next, err = r.Inventory.List(ctx, in, kind, page)
			return err
		})
		if err != nil {
			return fmt.Errorf("list %s: %w", kind, err)
		}
		for _, c := range found {
			if err := do(c); err != nil {
				return err
			}
		}
		if page = next; page == "" {
			return nil
		}
	}
}

// project reads one project, unless it was read or another process is at it.
func (r *reading) project(ctx context.Context, p cloud.Resource) {
	mine, err := r.take(ctx, p)
	switch {
	case err != nil:
		r.broken(err)
		return
	case !mine:
		return
	}
	began, n := r.Now(), 0
	for _, kind := range p.Kind.Holds() {
		err = errors.Join(err, r.each(ctx, p, kind, func(w cloud.Resource) error {
			n++
			return r.workload(ctx, w)
		}))
	}
	if err != nil {
		began = time.Time{}
		r.left(ctx, p, err)
	}
	if err := r.release(ctx, p, began, err != nil && ctx.Err() == nil && !passes(err)); err != nil {
		r.broken(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sum.Workloads += n; !began.IsZero() {
		r.sum.Projects++
	}
}

func (r *reading) workload(ctx context.Context, w cloud.Resource) error {
	var now judge.Snapshot
	err := fault.InTurn(ctx, r.Wait, func() (err error) {
		now, err = r.Look(ctx, w)
		return err
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", w, err)
	}
	return r.Memory.Read(ctx, w, now)
}

// take has this process read the project, and no other.
func (r *reading) take(ctx context.Context, p cloud.Resource) (mine bool, err error) {
	_, err = cells.Change(ctx, r.Memory.store, baseOf(p.Name), time.Time{}, func(b base) (base, bool, error) {
		now := r.Now()
		mine = b.At.IsZero() && (b.Holder == "" || !now.Before(b.Until))
		if !mine {
			if b.At.IsZero() {
				r.mu.Lock()
				r.sum.Left++
				r.mu.Unlock()
			}
			return b, false, nil
		}
		return base{Holder: r.me, Until: now.Add(baseLease), Failed: b.Failed}, true, nil
	})
	return mine, err
}

// passes reports whether reading may succeed when it is tried again, by itself.
func passes(err error) bool {
	_, limited := fault.NextTurn(err)
	return limited || errors.Is(err, fault.ErrPassing)
}

// release says when the project was read: the zero time where not all of it was, and
// whether that failed for good. One that another process took over is left to it.
func (r *reading) release(ctx context.Context, p cloud.Resource, at time.Time, failed bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	_, err := cells.Change(ctx, r.Memory.store, baseOf(p.Name), time.Time{}, func(b base) (base, bool, error) {
		return base{At: at, Failed: at.IsZero() && (failed || b.Failed)}, b.Holder == r.me, nil
	})
	return err
}

// releaseWithin is how long a process that was told to stop may take to say so.
const releaseWithin = 5 * time.Second

// left notes what could not be read.
func (r *reading) left(ctx context.Context, in cloud.Resource, err error) {
	if ctx.Err() == nil {
		r.Log.WarnContext(ctx, "not read for the baseline: what violates there is asked about, as it may be older", "resource", in.String(), "error", err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sum.Left++
}

func (r *reading) broken(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = errors.Join(r.failed, err)
}
