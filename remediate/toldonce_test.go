package remediate_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Two sweeps that come upon a card that is due both showed it.
func TestI3ManySweepsAtOnceTellPeopleOnce(t *testing.T) {
	t.Parallel()
	for _, enforcement := range []policies.Enforcement{policies.Revert, policies.Approve} {
		t.Run(string(enforcement), func(t *testing.T) {
			g := newRig(t, set{public: enforcement}, yields)
			other := newEngine(t, g.setup)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.owedACard()
			var wg sync.WaitGroup
			for i := range 16 {
				r := []*engine{g.engine, other}[i%2]
				wg.Go(func() {
					if _, err := r.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if len(g.told.states) != 1 {
				t.Errorf("people were told %v, want once", g.told.states)
			}
		})
	}
}

// owedACard delivers a change whose finding nobody could be told of, until the sweep is
// to tell them.
func (g *rig) owedACard() finding.Finding {
	g.t.Helper()
	g.told.failing = errors.New("slack is down")
	f := g.one()
	g.told.failing = nil
	g.pass(f.DueAt.Sub(g.Clock()) + time.Second)
	return f
}

// whileTold has something happen while people are told, once.
type whileTold struct {
	*notice
	meanwhile func()
}

func (n *whileTold) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	if run := n.meanwhile; run != nil {
		n.meanwhile = nil
		run()
	}
	return n.notice.Notify(ctx, f)
}

// justBefore is a store as a delivery saw it that looked before the other one had
// ended: no change was handled yet.
type justBefore struct{ remediate.Store }

func (justBefore) Handled(context.Context, string) (bool, error) { return false, nil }

func TestI3WhoeverComesWhilePeopleAreToldDoesNotTellThem(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(g *rig) (tell func()){
		"a sweep tells of a revert": func(g *rig) func() {
			g.owedACard()
			return g.sweepOnce
		},
		"a delivery tells of a revert that waits for a pause to end": func(g *rig) func() {
			g.pause(time.Hour)
			c := g.events()[0]
			return func() { g.handle(c) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			slow := &whileTold{}
			g := newRig(t, set{public: policies.Revert}, func(c *setup) {
				slow.notice, c.Notifier = c.Notifier.(*notice), slow
			})
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			s := g.setup
			s.Store = justBefore{g.Store}
			other, change := newEngine(t, s), g.peek()
			tell := begin(g)
			slow.meanwhile = func() {
				_, err := other.Handle(t.Context(), change)
				g.must(err)
				_, err = other.Sweep(t.Context())
				g.must(err)
			}
			tell()
			if len(slow.states) != 1 || slow.meanwhile != nil {
				t.Errorf("people were told %v, want once, while another process came by", slow.states)
			}
		})
	}
}

// peek is the first change that was logged since the last delivery, which is yet to
// come.
func (g *rig) peek() cloud.Change {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	c, err := auditlog.Decode(g.entries[0])
	g.must(err)
	return c
}
