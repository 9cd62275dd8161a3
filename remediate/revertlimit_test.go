package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// exposed makes services in several projects and opens each to everybody. It
// returns the changes.
func (g *rig) exposed(projects, services int) []cloud.Change {
	g.t.Helper()
	for p := range projects {
		project := fmt.Sprint("shop-", p)
		g.cloud.AddProject(project, fmt.Sprint(500+p), "folders/4001", "organizations/77")
		for s := range services {
			path := cloud.RunResource(cloud.RunService, project, "europe-west1", fmt.Sprint("web-", s)).Path()
			g.must(g.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
			g.grant(path, "roles/run.invoker", "allUsers")
		}
	}
	return g.events()
}

// automatic counts the findings that were reverted unasked, by project.
func (g *rig) automatic() (byProject map[string]int, total int) {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	byProject = map[string]int{}
	for _, f := range fs {
		if f.Automatic {
			byProject[f.Resource.Project]++
			total++
		}
	}
	return byProject, total
}

func TestTwoProcessesTogetherRevertAsManyAsTheLimitsSay(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, yields, func(c *setup) {
		c.Limits = remediate.Limits{PerPolicyHour: 1000, PerProjectHour: 7, TotalHour: 50}
	})
	other := newEngine(t, g.setup)
	changes := g.exposed(10, 20)
	var wg sync.WaitGroup
	for i := range 16 {
		r := []*engine{g.engine, other}[i%2]
		wg.Go(func() {
			for n := i; n < len(changes); n += 16 {
				if _, err := r.Handle(t.Context(), changes[n]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	byProject, total := g.automatic()
	if total != 50 {
		t.Errorf("%d of %d changes were reverted unasked, want 50", total, len(changes))
	}
	for project, n := range byProject {
		if n > 7 {
			t.Errorf("%d were reverted unasked in %s, want at most 7", n, project)
		}
	}
	fs, err := g.Store.Findings(t.Context(), finding.Query{States: []state.State{state.Pending}})
	g.must(err)
	if len(fs) != len(changes)-50 {
		t.Errorf("%d are asked about, want the %d others", len(fs), len(changes)-50)
	}
	for _, f := range fs {
		if f.Limit != "total" && f.Limit != "project "+f.Resource.Project {
			t.Errorf("a question of %s says that its limit is %q: %v", f.Resource.Project, f.Limit, f.Reasons)
		}
	}
}

func TestTheLimitsLookAtTheLastHourAlone(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits = remediate.Limits{TotalHour: 1} })
	changes := g.exposed(1, 3)
	for i, want := range []bool{true, false, true} {
		if i == 2 {
			g.pass(time.Hour + time.Second)
			changes[i].Time = g.Clock()
		}
		if f := g.handle(changes[i]).Findings[0]; f.Automatic != want {
			t.Errorf("change %d: reverted unasked %t, want %t: %v", i, f.Automatic, want, f.Reasons)
		}
	}
}

// What a process counted before it died is the same revert when the change
// comes again.
func TestARevertThatWasCountedAndNotStoredCountsOnce(t *testing.T) {
	t.Parallel()
	store := &noCreate{}
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		store.Store, c.Store = c.Store, store
		c.Limits = remediate.Limits{TotalHour: 2}
	})
	changes := g.exposed(1, 2)
	store.failing = true
	for range 3 {
		if _, err := g.Handle(t.Context(), changes[0]); !errors.Is(err, errStruck) {
			t.Fatalf("error is %v, want the store's", err)
		}
	}
	store.failing = false
	for _, c := range changes {
		if f := g.handle(c).Findings[0]; !f.Automatic {
			t.Errorf("%s is not reverted: %v", f.Resource, f.Reasons)
		}
	}
}

type noCreate struct {
	remediate.Store
	failing bool
}

func (s *noCreate) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if s.failing {
		return finding.Finding{}, errStruck
	}
	return s.Store.Create(ctx, f)
}

func TestWhatWasNoRevertAfterAllDoesNotCount(t *testing.T) {
	t.Parallel()
	flaky := &flakyPolicies{}
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		flaky.PolicyClient, c.IAM = c.IAM, flaky
		c.Limits = remediate.Limits{TotalHour: 1}
	})
	changes := g.exposed(1, 3)
	flaky.next = &fault.PermissionError{Permission: "run.services.setIamPolicy", Err: errors.New("denied")}
	g.want(g.handle(changes[0]).Findings[0], state.Blocked, "")
	g.want(g.handle(changes[1]).Findings[0], state.Reverted, "")
	g.want(g.handle(changes[2]).Findings[0], state.Pending, "rate: 1 automatic reverts in the last hour for all policies and projects, the limit is 1")
}

func TestARevertThatAPauseMadeAQuestionOfDoesNotCount(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits = remediate.Limits{TotalHour: 1} })
	changes := g.exposed(1, 2)
	g.pause(20 * time.Minute)
	held := g.handleOne(changes[0])
	g.want(held, state.Approved, "waits, as rescind is paused")
	g.pass(20 * time.Minute)
	g.sweepOnce()
	g.want(g.stored(held.ID), state.Pending, "too old to be reverted without being asked")
	changes[1].Time = g.Clock()
	g.want(g.handleOne(changes[1]), state.Reverted, "")
}

// A count that cannot be read allows nothing, and loses nothing: the change
// comes again.
func TestNothingIsRevertedUncounted(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]*brokenCells{
		"the count cannot be read":                      {get: errStruck},
		"the count cannot be written":                   {set: errStruck},
		"others are faster, however often it is tried":  {set: fault.ErrConflict},
		"the count is not one that this rescind writes": {value: []byte("{")},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *setup) {
				broken.Store, c.Store = c.Store, broken
			})
			change := g.exposed(1, 1)[0]
			_, err := g.Handle(t.Context(), change)
			if err == nil || !strings.Contains(err.Error(), "count automatic reverts") && !errors.Is(err, errStruck) {
				t.Errorf("error is %v, want that reverts cannot be counted", err)
			}
			if n := g.writes(); n > 0 {
				t.Errorf("%d writes", n)
			}
			broken.get, broken.set, broken.value = nil, nil, nil
			g.want(g.handle(change).Findings[0], state.Reverted, "")
		})
	}
}

type brokenCells struct {
	remediate.Store
	get, set error
	value    []byte
}

func (b *brokenCells) Cell(ctx context.Context, name string) (cells.Cell, error) {
	switch {
	case b.get != nil:
		return cells.Cell{}, b.get
	case b.value != nil:
		return cells.Cell{Name: name, Revision: 1, Value: b.value}, nil
	}
	return b.Store.Cell(ctx, name)
}

func (b *brokenCells) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if b.set != nil {
		return cells.Cell{}, b.set
	}
	return b.Store.SetCell(ctx, c)
}

func TestAGracePeriodTakesNoTurnUntilItIsOver(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.Limits = remediate.Limits{TotalHour: 1, Grace: time.Minute}
	})
	changes := g.exposed(1, 2)
	waiting := g.handle(changes[0]).Findings[0]
	g.want(waiting, state.Waiting, "grace")
	g.want(g.handle(changes[1]).Findings[0], state.Waiting, "grace")
	g.must(g.cloud.PutPolicy(waiting.Resource.Path(), nil)) // somebody fixed it
	g.pass(time.Minute)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(waiting.ID), state.Superseded, "")
	if _, n := g.automatic(); n != 1 {
		t.Errorf("%d were reverted unasked, want the one that was left", n)
	}
}
