package before_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/before"
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

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
