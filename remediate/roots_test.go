package remediate_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// takenRoots is an exporter that has the roots it was given.
type takenRoots struct{ roots []trail.Root }

func (x *takenRoots) Export(context.Context, finding.Finding, int) error  { return nil }
func (x *takenRoots) ExportRecords(context.Context, []trail.Record) error { return nil }
func (x *takenRoots) ExportRoots(_ context.Context, roots []trail.Root) error {
	x.roots = append(x.roots, roots...)
	return nil
}

// TestI8TheRootsHoldEveryFindingAsItIs plays stories, of which a part is from before
// there were roots, and compares what the roots hold after each act.
func TestI8TheRootsHoldEveryFindingAsItIs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 21))
		var roots *trail.Roots
		taken := &takenRoots{}
		g := newRig(t, set{public: []policies.Enforcement{policies.Approve, policies.Revert}[seed%2]}, withLedger, func(c *setup) {
			roots = trail.NewRoots(c.Store, c.Ledger, c.Now)
			c.Roots, c.Exporter = roots, taken
		})
		var past []cloud.Change
		for step := range 30 {
			switch rng.IntN(5) {
			case 0, 1:
				g.grant(apiPath, "roles/run.invoker", []string{"allUsers", "allAuthenticatedUsers"}[rng.IntN(2)])
				past = append(past, g.events()...)
			case 2:
				if len(past) > 0 {
					_, _ = g.Handle(t.Context(), past[rng.IntN(len(past))])
				}
			case 3:
				g.answerAtRandom(rng)
			case 4:
				g.pass(time.Duration(rng.IntN(50)) * time.Minute)
				_, _ = g.Sweep(t.Context())
			}
			if younger := g.fits(roots); younger < 0 {
				t.Fatalf("seed %d, step %d", seed, step)
			}
		}
		g.pass(time.Hour)
		for range 2 {
			_, err := g.Sweep(t.Context())
			g.must(err)
		}
		if younger := g.fits(roots); younger != 0 || len(taken.roots) == 0 {
			t.Errorf("seed %d: %d events are in no root after a sweep; %d roots were taken out", seed, younger, len(taken.roots))
		}
	}
}

// fits compares all findings with what the roots hold and returns how many events no
// root holds; less than none where something does not fit.
func (g *rig) fits(roots *trail.Roots) (younger int) {
	g.t.Helper()
	held, err := roots.Coverage(g.t.Context())
	g.must(err)
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	for _, f := range fs {
		h := held.Heads[f.Head().Chain]
		if err := f.Timeline.Holds(f.ID, h); err != nil {
			g.t.Error(err)
			return -1
		}
		younger += len(f.Timeline) - h.N
	}
	return younger
}

// A finding from before there were roots that cannot be read keeps no other out of them.
func TestI8ARecordThatCannotBeReadKeepsNoOtherOutOfTheRoots(t *testing.T) {
	t.Parallel()
	var roots *trail.Roots
	g := newRig(t, set{public: policies.Approve}, withLedger, func(c *setup) { roots = trail.NewRoots(c.Store, c.Ledger, c.Now) })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	old := g.one()
	g.pass(time.Minute)
	g.must(roots.Begin(t.Context()))
	g.change(func(c *setup) {
		c.Roots, c.Store = roots, leftOut{c.Store, []error{errors.New("finding broken: unexpected EOF")}}
	})
	g.ExtendRoots(t.Context())
	held, err := roots.Coverage(t.Context())
	g.must(err)
	if h, ok := held.Heads[old.Head().Chain]; !ok || h.N != len(old.Timeline) {
		t.Errorf("the roots hold %+v of it, want %d events", h, len(old.Timeline))
	}
}

// leftOut is a store whose lists leave something out.
type leftOut struct {
	remediate.Store
	why []error
}

func (s leftOut) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	fs, err := s.Store.Findings(ctx, q)
	return fs, errors.Join(err, fault.LeftOut(s.why))
}
