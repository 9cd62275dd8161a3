package before_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
