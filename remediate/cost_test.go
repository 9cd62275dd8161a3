package remediate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// counting counts the findings that lists return. What a list reads beyond
// those is for the stores to bound.
type counting struct {
	remediate.Store
	read int
}

func (c *counting) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	fs, err := c.Store.Findings(ctx, q)
	c.read += len(fs)
	return fs, err
}

func (c *counting) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	fs, err := c.Store.Due(ctx, at, limit)
	c.read += len(fs)
	return fs, err
}

// readAmong returns how many findings are read to handle a change, to scan and
// to sweep where so many findings of the same policy and resource have ended.
func readAmong(t *testing.T, ended int, enforce policies.Enforcement) (handled, scanned, swept int) {
	count := &counting{}
	g := newRig(t, set{public: enforce}, func(c *setup) { count.Store, c.Store = c.Store, count })
	states := []state.State{state.Reverted, state.Kept, state.Expired, state.Superseded, state.Failed}
	for i := range ended {
		at := g.Clock().Add(-time.Duration(i) * time.Second)
		_, err := g.Store.Create(t.Context(), finding.Finding{
			ID: fmt.Sprint("ended-", i), Policy: public, Resource: apiResource(t), State: states[i%len(states)], CreatedAt: at, EndedAt: at,
			Automatic: i%2 == 0, Plan: judge.Plan{Digest: fmt.Sprint(i)},
		})
		g.must(err)
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	count.read = 0
	if fs := g.deliver(); len(fs) != 1 {
		t.Fatalf("%d findings, want one", len(fs))
	}
	handled, count.read = count.read, 0
	_, err := g.Scan(t.Context(), apiResource(t))
	g.must(err)
	scanned, count.read = count.read, 0
	g.pass(time.Hour)
	_, err = g.Sweep(t.Context())
	g.must(err)
	return handled, scanned, count.read
}

func TestWhatEndedCostsHandlingScanningAndSweepingNothing(t *testing.T) {
	t.Parallel()
	for _, enforce := range []policies.Enforcement{policies.Revert, policies.Approve} {
		h, s, w := readAmong(t, 1250, enforce)
		hh, ss, ww := readAmong(t, 1750, enforce)
		if h != hh || s != ss || w != ww {
			t.Errorf("%s: to handle, scan and sweep %d, %d and %d findings are read among 1,250 ended ones, %d, %d and %d among 1,750", enforce, h, s, w, hh, ss, ww)
		}
	}
}

// buried puts so many findings of other plans before what is there that no look
// at the newest finds it.
func (g *rig) buried(name string) {
	g.t.Helper()
	for i := range 250 {
		_, err := g.Store.Create(g.t.Context(), finding.Finding{
			ID: fmt.Sprint(name, i), Policy: public, Resource: apiResource(g.t), State: state.Reverted,
			CreatedAt: g.Clock(), EndedAt: g.Clock(), Plan: judge.Plan{Digest: fmt.Sprint(name, i)},
		})
		g.must(err)
	}
}

func TestAScanKnowsAnOpenQuestionHoweverMuchHappenedSince(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	asked := g.one()
	g.pass(time.Minute)
	g.buried("later")
	out, err := g.Scan(t.Context(), apiResource(t))
	g.must(err)
	if len(out.Findings) != 0 || len(out.Known) != 1 || out.Known[0].ID != asked.ID {
		t.Errorf("outcome %+v, want the question that is open", out)
	}
}

func TestAScanRaisesAgainWhatWasRevertedHoweverMuchHappenedSince(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events() // nothing told of it
	ids := map[string]bool{}
	for range 2 {
		out, err := g.Scan(t.Context(), apiResource(t))
		g.must(err)
		if len(out.Findings) != 1 || ids[out.Findings[0].ID] {
			t.Fatalf("outcome %+v, want a new finding", out)
		}
		f := out.Findings[0]
		ids[f.ID] = true
		f = g.stored(f.ID)
		f.State, f.EndedAt = state.Reverted, g.Clock()
		_, err = g.Store.Update(t.Context(), f)
		g.must(err)
		g.pass(time.Minute)
		g.buried(fmt.Sprint("after", len(ids), " "))
	}
}
