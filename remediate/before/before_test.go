package before_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	api  = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
)

// granted is one of a few grants.
func granted(n int) cloud.Grant {
	return cloud.Grant{Role: "roles/run.invoker", Member: cloud.Member(fmt.Sprintf("user:%d@example.com", n))}
}

func policyOf(grants []cloud.Grant) *cloud.AllowPolicy {
	p, _ := cloud.AllowPolicy{}.Apply(cloud.Deltas(cloud.Add, grants))
	return &p
}

// write is one change of the policy in a random story, and what was there before it.
type write struct {
	cloud.Change
	was, is []cloud.Grant
}

// written are changes ten seconds apart, each of which adds or takes away one grant, or
// nothing; first is what was there at noon.
func written(rng *rand.Rand) (first []cloud.Grant, all []write) {
	first = []cloud.Grant{granted(9)} // one that stays: a service that has nothing is not remembered by itself
	for n := range 4 {
		if rng.IntN(2) == 0 {
			first = append(first, granted(n))
		}
	}
	is := first
	for i := range 2 + rng.IntN(8) {
		was := slices.Clone(is)
		switch g := granted(rng.IntN(4)); {
		case rng.IntN(4) == 0: // it is written as it is
		case slices.Contains(was, g):
			is = slices.DeleteFunc(slices.Clone(was), func(o cloud.Grant) bool { return o == g })
		default:
			is = append(slices.Clone(was), g)
		}
		all = append(all, write{cloud.Change{
			ID: fmt.Sprint(i), Resource: api, Verb: cloud.SetPolicy, Time: noon.Add(time.Duration(10*i+10) * time.Second),
			Actor: cloud.Actor{Principal: fmt.Sprintf("user:writer-%d@example.com", i)}, Policy: policyOf(is),
		}, was, is})
	}
	return first, all
}

func TestWhatIsToldInOrderIsNeverLaidToAnotherThanWhoMadeIt(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 1))
		first, all := written(rng)
		m := before.New(memory.New())
		must(t, m.Read(t.Context(), api, judge.Snapshot{At: noon, Policy: policyOf(first)}))
		live := 0
		for i, w := range all {
			live = max(live, min(i+rng.IntN(3), len(all)-1)) // it may be newer than the entry
			seen := all[live]
			for range 1 + rng.IntN(2) { // it may come twice
				h, err := m.Took(t.Context(), w.Change, judge.Snapshot{At: seen.Time.Add(time.Second), Policy: policyOf(seen.is)}, true)
				must(t, err)
				for _, g := range w.is {
					if !slices.Contains(seen.is, g) { // it is gone, and nobody asks
						continue
					}
					want := before.Made
					if slices.Contains(w.was, g) {
						want = before.Older
					}
					got, _ := h.Grants.Before(g, w.Time)
					if back := want == before.Older && got == before.Unknown && !thereUntil(all[i:live+1], g); got != want && !back {
						t.Fatalf("seed %d, write %d: %s is %s, want %s; known: %+v", seed, i, g.Member, got, want, h)
					}
				}
			}
		}
	}
}

// thereUntil reports whether the grant was there after each of the writes.
func thereUntil(ws []write, g cloud.Grant) bool {
	return !slices.ContainsFunc(ws, func(w write) bool { return !slices.Contains(w.is, g) })
}

func TestWhatIsToldAnyhowIsNeverTakenForNewWhereItWasThereAllAlong(t *testing.T) {
	for seed := range uint64(500) {
		rng := rand.New(rand.NewPCG(seed, 2))
		first, all := written(rng)
		m := before.New(memory.New())
		must(t, m.Read(t.Context(), api, judge.Snapshot{At: noon, Policy: policyOf(first)}))
		last := all[len(all)-1]
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for i, w := range all {
			h, err := m.Took(t.Context(), w.Change, judge.Snapshot{At: last.Time.Add(time.Minute), Policy: policyOf(last.is)}, rng.IntN(2) == 0)
			must(t, err)
			for _, g := range w.is {
				allAlong := slices.Contains(first, g) && !slices.ContainsFunc(all, func(o write) bool { return !slices.Contains(o.is, g) })
				if got, _ := h.Grants.Before(g, w.Time); allAlong && got != before.Older {
					t.Fatalf("seed %d, told as number %d: %s is %s, want it older; known: %+v", seed, i, g.Member, got, h)
				}
			}
		}
	}
}

func TestAChangeThatIsAheadOfTheClockIsNoOlderTheSecondTime(t *testing.T) {
	c := cloud.Change{Resource: api, Verb: cloud.SetPolicy, Time: noon.Add(time.Minute), Policy: policyOf([]cloud.Grant{granted(1)})}
	for _, sure := range []bool{true, false} {
		m := before.New(memory.New())
		must(t, m.Read(t.Context(), api, judge.Snapshot{At: noon, Policy: policyOf([]cloud.Grant{granted(9)})}))
		for range 2 {
			h, err := m.Took(t.Context(), c, judge.Snapshot{At: c.Time.Add(-time.Second), Policy: c.Policy}, sure)
			must(t, err)
			if got, _ := h.Grants.Before(granted(1), c.Time); got != before.Made {
				t.Errorf("taken at its word %t: it is %s, want it made by the change", sure, got)
			}
		}
	}
}

// inventory is a project of so many services, each with a grant of its own.
type inventory struct {
	services int
	fails    func(cloud.Resource) error

	mu   sync.Mutex
	read map[cloud.Resource]int
}

func (i *inventory) List(_ context.Context, in cloud.Resource, k cloud.Kind, page string) ([]cloud.Resource, string, error) {
	if k != cloud.RunService {
		return nil, "", nil
	}
	from, next := 0, ""
	_, _ = fmt.Sscan(page, &from)
	var out []cloud.Resource
	for n := from; n < min(from+50, i.services); n++ {
		out = append(out, cloud.RunResource(k, in.Name, "europe-west1", fmt.Sprint("s", n)))
	}
	if from+50 < i.services {
		next = fmt.Sprint(from + 50)
	}
	return out, next, nil
}

func (i *inventory) look(_ context.Context, r cloud.Resource) (judge.Snapshot, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.read == nil {
		i.read = map[cloud.Resource]int{}
	}
	i.read[r]++
	if i.fails != nil {
		if err := i.fails(r); err != nil {
			return judge.Snapshot{}, err
		}
	}
	return judge.Snapshot{At: noon, Policy: policyOf([]cloud.Grant{granted(1)})}, nil
}

func (i *inventory) baseline(m *before.Memory, id string, projects ...string) before.Baseline {
	var tops []cloud.Resource
	for _, p := range projects {
		tops = append(tops, cloud.ProjectResource(p))
	}
	return before.Baseline{
		Memory: m, Inventory: i, Look: i.look, Tops: tops, Skips: func(context.Context, cloud.Resource) bool { return false },
		Now: func() time.Time { return noon }, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		NewID: func() string { return id }, Log: slog.New(slog.DiscardHandler),
	}
}

func TestSeveralProcessesReadEachWorkloadOnce(t *testing.T) {
	st, in := memory.New(), &inventory{services: 120}
	projects := []string{"a", "b", "c", "d", "e"}
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			_, err := in.baseline(before.New(st), fmt.Sprint("process-", p), projects...).Read(t.Context())
			must(t, err)
		})
	}
	all.Wait()
	if len(in.read) != 600 {
		t.Errorf("%d workloads were read, want 600", len(in.read))
	}
	for r, n := range in.read {
		if n != 1 {
			t.Errorf("%s was read %d times", r, n)
		}
	}
}

func TestAProjectThatCannotBeReadIsNotKnownAndReadAgain(t *testing.T) {
	m := before.New(memory.New())
	in := &inventory{services: 60, fails: func(r cloud.Resource) error {
		if r.Project == "b" && r.Name == "s59" {
			return errors.New("permission denied")
		}
		return nil
	}}
	sum, err := in.baseline(m, "one", "a", "b").Read(t.Context())
	must(t, err)
	if d := cmp.Diff(before.Sum{Projects: 1, Workloads: 120, Left: 1}, sum); d != "" {
		t.Errorf("the first time (-want +got):\n%s", d)
	}
	made := cloud.Change{Verb: cloud.SetPolicy, Time: noon.Add(time.Hour), Policy: policyOf([]cloud.Grant{granted(2)})}
	for project, want := range map[string]bool{"a": false, "b": true, "never tried": false} {
		made.Resource = cloud.RunResource(cloud.RunService, project, "europe-west1", "never-read")
		h, err := m.Took(t.Context(), made, judge.Snapshot{At: made.Time, Policy: made.Policy}, true)
		must(t, err)
		if _, left, why := h.Split(made, made.Policy.Grants()); len(left) == 1 != want || why != "" != want {
			t.Errorf("in project %s left as it was: %v (%s), want that to be so: %t", project, left, why, want)
		}
	}
	in.fails = nil
	if sum, err = in.baseline(m, "one", "a", "b").Read(t.Context()); err != nil || sum != (before.Sum{Projects: 1, Workloads: 60}) {
		t.Errorf("the second time: %+v, %v", sum, err)
	}
}

func TestAReadingThatIsCutOffOrPassesLeavesNoProjectUnreadable(t *testing.T) {
	made := cloud.Change{Verb: cloud.SetPolicy, Time: noon.Add(time.Hour), Policy: policyOf([]cloud.Grant{granted(2)})}
	made.Resource = cloud.RunResource(cloud.RunService, "a", "europe-west1", "never-read")
	for name, tt := range map[string]struct {
		fails error
		left  bool
	}{
		"a request that is gone": {context.Canceled, false},
		"an outage":              {fmt.Errorf("unavailable: %w", fault.ErrPassing), false},
		"a rate, however often":  {&fault.BusyError{Where: "reads", After: time.Second}, false},
		"a missing permission":   {errors.New("permission denied"), true},
	} {
		t.Run(name, func(t *testing.T) {
			m := before.New(memory.New())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			in := &inventory{services: 60, fails: func(cloud.Resource) error {
				if errors.Is(tt.fails, context.Canceled) {
					cancel()
				}
				return tt.fails
			}}
			if sum, _ := in.baseline(m, "one", "a").Read(ctx); sum.Left != 1 {
				t.Errorf("%+v, want the project left", sum)
			}
			h, err := m.Took(t.Context(), made, judge.Snapshot{At: made.Time, Policy: made.Policy}, true)
			must(t, err)
			if _, left, why := h.Split(made, made.Policy.Grants()); len(left) > 0 != tt.left {
				t.Errorf("left as it was: %v (%s), want that to be so: %t", left, why, tt.left)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// BenchmarkBaseline reads 10,000 services of 100 projects, each with one grant, into a file.
func BenchmarkBaseline(b *testing.B) {
	var projects []string
	for n := range 100 {
		projects = append(projects, fmt.Sprint("shop-", n))
	}
	for b.Loop() {
		file := filepath.Join(b.TempDir(), "state.db")
		st, err := bolt.Open(file)
		if err != nil {
			b.Fatal(err)
		}
		in := &inventory{services: 100}
		sum, err := in.baseline(before.New(st), "one", projects...).Read(b.Context())
		if err != nil || sum.Workloads != 10_000 {
			b.Fatalf("%+v, %v", sum, err)
		}
		if err := st.Close(); err != nil {
			b.Fatal(err)
		}
		i, err := os.Stat(file)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(i.Size())/10_000, "bytes/service")
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "us/service")
}
