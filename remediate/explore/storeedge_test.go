package explore_test

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// storeEdge is the store as one process reaches it. What is written is held
// against the rules.
type storeEdge struct {
	p          *process
	owed.Store // nil: what the explorer tells of is judged at once
}

func (s storeEdge) store() store { return newStore(&s.p.w.store) }

func (s storeEdge) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return reach(s.p, competes, func() (finding.Finding, error) {
		s.p.moves(finding.Finding{}, f)
		out, err := s.store().Create(ctx, f)
		if err == nil {
			s.p.w.order = append(s.p.w.order, f.ID)
			s.p.wrote(finding.Finding{}, out)
		}
		return out, err
	})
}

func (s storeEdge) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return reach(s.p, competes, func() (finding.Finding, error) {
		was := s.p.w.store.findings[f.ID]
		s.p.moves(was, f)
		out, err := s.store().Update(ctx, f)
		if err == nil {
			s.p.wrote(was, out)
		}
		return out, err
	})
}

func (s storeEdge) Finding(ctx context.Context, id string) (finding.Finding, error) {
	return reach(s.p, reads, func() (finding.Finding, error) { return s.store().Finding(ctx, id) })
}

func (s storeEdge) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	return reach(s.p, reads, func() ([]finding.Finding, error) { return s.store().Findings(ctx, q) })
}

func (s storeEdge) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	return reach(s.p, reads, func() ([]finding.Finding, error) { return s.store().Due(ctx, at, limit) })
}

func (s storeEdge) Handled(ctx context.Context, id string) (bool, error) {
	return reach(s.p, reads, func() (bool, error) { return s.store().Handled(ctx, id) })
}

func (s storeEdge) MarkHandled(ctx context.Context, id string, at time.Time) error {
	_, err := reach(s.p, writes, func() (bool, error) { return true, s.store().MarkHandled(ctx, id, at) })
	return err
}

func (s storeEdge) LearnIdentity(ctx context.Context, i remediate.Sighting) error {
	_, err := reach(s.p, writes, func() (bool, error) { return true, s.store().LearnIdentity(ctx, i) })
	return err
}

func (s storeEdge) Identity(ctx context.Context, email string) (remediate.Sighting, error) {
	return reach(s.p, reads, func() (remediate.Sighting, error) { return s.store().Identity(ctx, email) })
}

func (s storeEdge) Pause(ctx context.Context) (desk.Pause, error) {
	return reach(s.p, reads, func() (desk.Pause, error) { return s.store().Pause(ctx) })
}

func (s storeEdge) SetPause(ctx context.Context, p desk.Pause) (desk.Pause, error) {
	return reach(s.p, competes, func() (desk.Pause, error) { return s.store().SetPause(ctx, p) })
}

func (s storeEdge) Cell(ctx context.Context, name string) (cells.Cell, error) {
	return reach(s.p, reads, func() (cells.Cell, error) { return s.store().Cell(ctx, name) })
}

func (s storeEdge) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	return reach(s.p, competes, func() (cells.Cell, error) { return s.store().SetCell(ctx, c) })
}
