package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

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
	if err != nil && !errors.Is(err, errExporterRests) {
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
