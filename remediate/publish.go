package remediate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// exportTimeout bounds what taking lines out may cost a revert that waits.
const exportTimeout = 3 * time.Second

// exportPause is how long a process leaves an exporter alone that failed: two
// hundred findings in a sweep would else wait for it one after the other.
const exportPause = 15 * time.Second

var errExporterRests = errors.New("the exporter failed a moment ago and is left alone")

// resting keeps a process from asking a failing exporter again at once.
type resting struct {
	mu    sync.Mutex
	until time.Time
}

func (r *Remediator) export(ctx context.Context, do func(ctx context.Context) error) error {
	if r.cfg.Exporter == nil {
		return nil
	}
	r.exporter.mu.Lock()
	rests := r.cfg.Now().Before(r.exporter.until)
	r.exporter.mu.Unlock()
	if rests {
		return errExporterRests
	}
	ctx, cancel := context.WithTimeout(ctx, exportTimeout)
	defer cancel()
	err := do(ctx)
	if err != nil {
		r.exporter.mu.Lock()
		r.exporter.until = r.cfg.Now().Add(exportPause)
		r.exporter.mu.Unlock()
	}
	return err
}

// publish notes the head of the trail for the next root and takes out the events that
// were not yet, and reports whether it tried. That it did is in the finding it returns and not yet stored: the update of the
// effect that comes next stores it as well. If there is none, recordPublished
// does. A failure changes nothing but when the sweep comes again.
func (r *Remediator) publish(ctx context.Context, f finding.Finding) (finding.Finding, bool) {
	if !f.Owes(finding.Publish) {
		return f, false
	}
	noted := r.cfg.Roots.Note(ctx, f.Head())
	err := r.export(ctx, func(ctx context.Context) error { return r.cfg.Exporter.Export(ctx, f, f.Published) })
	switch err = errors.Join(noted, err); {
	case noted == nil && errors.Is(err, errExporterRests):
		return f, true
	case err != nil:
		r.cfg.Log.ErrorContext(ctx, "effect failed, will be tried again", "effect", string(finding.Publish), "finding", f.ID, "error", err.Error())
		return f, true
	}
	return f.Exported(), true
}

func (r *Remediator) recordPublished(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return r.update(ctx, f.ExportTried(r.cfg.Now()))
}

// exportLedger takes out what the ledger has and was not taken out yet. What
// fails is logged, and tried again by the next sweep.
func (r *Remediator) exportLedger(ctx context.Context) {
	if r.cfg.Ledger == nil || r.cfg.Exporter == nil {
		return
	}
	err := r.cfg.Ledger.Export(ctx, func(es []trail.Record) error {
		return r.export(ctx, func(ctx context.Context) error { return r.cfg.Exporter.ExportRecords(ctx, es) })
	})
	if err != nil && !errors.Is(err, errExporterRests) {
		r.cfg.Log.ErrorContext(ctx, "ledger not exported, will be tried again", "error", err.Error())
	}
}

// olderBatch is how many findings from before there were roots one sweep has them hold.
const olderBatch = 100

// RootExporter is an Exporter that takes roots of the trail out as well.
type RootExporter interface {
	// ExportRoots takes roots as Export takes events.
	ExportRoots(ctx context.Context, roots []trail.Root) error
}

// ExtendRoots has the roots hold what changed since the last time, as every sweep does.
// What fails is logged, and done by the next sweep.
func (r *Remediator) ExtendRoots(ctx context.Context) {
	err := r.cfg.Roots.Extend(ctx, r.olderHeads, func(roots []trail.Root) error {
		x, ok := r.cfg.Exporter.(RootExporter)
		if !ok {
			return nil
		}
		return r.export(ctx, func(ctx context.Context) error { return x.ExportRoots(ctx, roots) })
	})
	if err != nil && !errors.Is(err, errExporterRests) && ctx.Err() == nil { // else the process stops, and the next one does it
		r.cfg.Log.ErrorContext(ctx, "roots of the trail not brought up to date, will be tried again", "error", err.Error())
	}
}

// olderHeads implements trail.Older.
func (r *Remediator) olderHeads(ctx context.Context, after trail.Place, before time.Time) ([]trail.Head, trail.Place, error) {
	fs, err := r.cfg.Store.Findings(ctx, finding.Query{
		Until: before, After: finding.Position{CreatedAt: after.At, ID: after.ID}, Limit: olderBatch,
	})
	if _, err = fault.Readable(err); err != nil { // what cannot be read has no head
		return nil, after, fmt.Errorf("list findings from before there were roots: %w", err)
	}
	var heads []trail.Head
	for _, f := range fs {
		heads = append(heads, f.Head())
		after = trail.Place{At: f.CreatedAt, ID: f.ID}
	}
	after.Done = len(fs) < olderBatch
	return heads, after, nil
}
