//go:build soak

package main

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// long reports whether the soak takes its time: RESCIND_SOAK=long, as make soak
// sets it. The figures of the long run are in docs/operations.md.
func long() bool { return os.Getenv("RESCIND_SOAK") == "long" }

// byResource are all findings that the store holds, by resource.
func byResource(t *testing.T, a *process.App) map[string][]finding.Finding {
	t.Helper()
	fs, err := a.Store().Findings(t.Context(), finding.Query{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]finding.Finding{}
	for _, f := range fs {
		out[f.Resource.Path()] = append(out[f.Resource.Path()], f)
	}
	return out
}

// mostInAMinute is the most writes that any project and region saw in any
// minute, and how many there were in all.
func (w *soakWorld) mostInAMinute() (most, all int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.written {
		all += len(times)
		for i := range times {
			n := 0
			for _, t := range times[i:] {
				if t.Sub(times[i]) < time.Minute {
					n++
				}
			}
			most = max(most, n)
		}
	}
	return most, all
}

// TestSoakBurst pushes thousands of changes at one process, each of which
// violates, more than it may revert in a minute or an hour.
func TestSoakBurst(t *testing.T) {
	projects, services, settle := 10, 50, 2*time.Second
	if long() {
		projects, services, settle = 100, 100, 4*time.Minute
	}
	w := newSoakWorld(t, "{per_policy_per_hour: 3000, per_project_per_hour: 25, per_actor_per_hour: 3000, total_per_hour: 3000}")
	entries := w.mess(projects, services)
	w.start()
	began := time.Now()
	w.push(entries, 64)
	took := time.Since(began)
	_ = process.Wait(t.Context(), settle) // what the rate of writes held back
	peak := w.end(syscall.SIGTERM)

	most, writes := w.mostInAMinute()
	if most > 20 {
		t.Errorf("%d writes in one minute to one project and region, want at most 20", most)
	}
	if peak > 300<<20 {
		t.Errorf("serve held %d MiB, want at most 300", peak>>20)
	}
	states := map[state.State]int{}
	next := w.ahead(0) // what is owed still, the next process judges
	_, err := next.JudgeOwed(t.Context(), time.Now().Add(time.Minute), func(cloud.Change, remediate.Outcome) {})
	w.must(err)
	kept := byResource(t, next)
	for _, path := range w.opened {
		if len(kept[path]) != 1 {
			t.Errorf("%s has %d findings, want one", path, len(kept[path]))
			continue
		}
		f := kept[path][0]
		states[f.State]++
		if f.State != state.Reverted && f.State != state.Pending && f.DueAt.IsZero() {
			t.Errorf("%s is %s and nobody will look at it again: %s", path, f.State, f.Why)
		}
	}
	if automatic := len(w.opened) - states[state.Pending]; automatic != 25*projects {
		t.Errorf("%d were reverted unasked, want 25 in each of %d projects", automatic, projects)
	}
	if long() && states[state.Reverted] != 25*projects {
		t.Errorf("%d are reverted by now, want all %d", states[state.Reverted], 25*projects)
	}
	t.Logf("%d events in %s, %d writes, at most %d in a minute to one place, peak %d MiB, states %v", len(entries), took.Round(time.Second/10), writes, most, peak>>20, states)
}

// TestSoakKill ends serve by kill -9 again and again while events come, at any
// moment, and starts it anew on its store.
func TestSoakKill(t *testing.T) {
	kills, projects := 4, 10
	if long() {
		kills, projects = 60, 150
	}
	w := newSoakWorld(t, "{per_policy_per_hour: 3000, per_project_per_hour: 25, per_actor_per_hour: 3000, total_per_hour: 3000}")
	entries := w.mess(projects, 6)
	w.start()
	pushed := make(chan struct{})
	go func() { defer close(pushed); w.push(entries, 2) }()
	rng := rand.New(rand.NewPCG(1, 1))
	killed := 0
	for range kills {
		_ = process.Wait(t.Context(), time.Duration(200+rng.IntN(1200))*time.Millisecond)
		select {
		case <-pushed:
		default:
			killed++
		}
		w.end(os.Kill)
		w.start()
	}
	<-pushed
	w.end(syscall.SIGTERM)

	a := w.ahead(10 * time.Minute) // a dead process keeps what it claimed for five
	for range 50 {
		if n, err := a.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			break
		}
	}
	kept := byResource(t, a)
	for _, path := range w.opened {
		if len(kept[path]) != 1 || kept[path][0].State != state.Reverted || len(kept[path][0].Outbox) > 0 {
			t.Errorf("%s has the findings %+v, want one that is reverted, with nothing owed", path, kept[path])
		}
		if n := w.effects[path]; n != 1 {
			t.Errorf("%s was written %d times, want once", path, n)
		}
	}
	if killed == 0 {
		t.Error("no kill came while events did: it tested nothing")
	}
	most, _ := w.mostInAMinute()
	if most > 20 {
		t.Errorf("%d writes in one minute to one project and region, want at most 20", most)
	}
	t.Logf("%d kills while %d events came, at most %d writes in a minute to one place", killed, len(entries), most)
}
