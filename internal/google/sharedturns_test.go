package google

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// sharing is the limits of several processes on one store, under one clock.
func sharing(processes int, shared cells.Store) []*clocked {
	var mu sync.Mutex
	first := newClocked()
	all := []*clocked{first}
	for range processes - 1 {
		all = append(all, &clocked{limits: newLimits(DefaultRates, first.limits.now, first.limits.wait)})
	}
	for _, c := range all {
		c.limits.now = func() time.Time { mu.Lock(); defer mu.Unlock(); return first.now }
		c.shared = shared
	}
	return all
}

func TestProcessesOnOneStoreWriteNoMoreInAnyMinuteThanOne(t *testing.T) {
	both := sharing(2, memory.New())
	clock := &both[0].now
	var sent []time.Time
	for i := range 100 {
		if i%7 == 0 {
			*clock = clock.Add(1300 * time.Millisecond)
		}
		for {
			held, err := both[i%2].turn(t.Context(), here)
			var busy *fault.BusyError
			if errors.As(err, &busy) {
				*clock = clock.Add(busy.After)
				continue
			}
			must(t, err)
			*clock = clock.Add(held)
			break
		}
		sent = append(sent, *clock)
	}
	wantSpread(t, sent, DefaultRates.Writes)
	if took := sent[99].Sub(sent[0]); took > 6*time.Minute {
		t.Errorf("100 writes took %s, want about 5 minutes", took)
	}
}

func TestOfManyWhoAskAtOnceAsManyHaveATurnAsTheLimitSays(t *testing.T) {
	var mu sync.Mutex
	var told []time.Duration
	turns := 0
	var wg sync.WaitGroup
	for _, process := range sharing(4, memory.New()) {
		for range 10 {
			wg.Go(func() {
				_, err := process.turn(t.Context(), here)
				mu.Lock()
				defer mu.Unlock()
				var busy *fault.BusyError
				switch {
				case err == nil:
					turns++
				case errors.As(err, &busy):
					told = append(told, busy.After)
				default:
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	slices.Sort(told)
	if turns != DefaultRates.Writes || len(told) != 40-DefaultRates.Writes || len(slices.Compact(slices.Clone(told))) != len(told) {
		t.Errorf("%d of 40 have a turn, the others come again in %v; want %d, and the others one after the other", turns, told, DefaultRates.Writes)
	}
}

// failing is a store whose answers can fail or take their time.
type failing struct {
	cells.Store
	get, set func() error
	asked    int
}

func (c *failing) Cell(ctx context.Context, name string) (cells.Cell, error) {
	c.asked++
	if c.get != nil {
		if err := c.get(); err != nil {
			return cells.Cell{}, err
		}
	}
	return c.Store.Cell(ctx, name)
}

func (c *failing) SetCell(ctx context.Context, cell cells.Cell) (cells.Cell, error) {
	if c.set != nil {
		if err := c.set(); err != nil {
			return cells.Cell{}, err
		}
	}
	return c.Store.SetCell(ctx, cell)
}

func TestAStoreThatGivesNoTurnHoldsTheWriteBack(t *testing.T) {
	for name, of := range map[string]func(*failing, *world){
		"it cannot be read":            func(c *failing, _ *world) { c.get = func() error { return errors.New("unavailable") } },
		"it cannot be written":         func(c *failing, _ *world) { c.set = func() error { return errors.New("unavailable") } },
		"others are faster every time": func(c *failing, _ *world) { c.set = func() error { return fault.ErrConflict } },
		"it takes longer than a turn lasts": func(c *failing, w *world) {
			c.set = func() error { w.now = w.now.Add(sharedLate + 1); return nil }
		},
		"what it holds is not ours": func(c *failing, _ *world) {
			_, err := c.Store.SetCell(t.Context(), cells.Cell{Name: "writes " + here.where(), Value: []byte("{")})
			must(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			p, err := w.client.Policy(t.Context(), service)
			must(t, err)
			store := &failing{Store: memory.New()}
			of(store, w)
			w.client.limits.shared = store
			err = w.client.SetPolicy(t.Context(), service, p)
			var busy *fault.BusyError
			if !errors.As(err, &busy) || busy.After != sharedRetry {
				t.Fatalf("error is %v, want one that says to come again in %s", err, sharedRetry)
			}
			wantError(t, err, fault.ErrUnwritten)
			if n := w.count("Services/SetIamPolicy"); n != 0 {
				t.Errorf("%d writes were sent", n)
			}
		})
	}
}

func TestReadsAskNoStoreForATurn(t *testing.T) {
	w := newWorld(t, sim.Options{})
	store := &failing{Store: memory.New()}
	w.client.limits.shared = store
	p, err := w.client.Policy(t.Context(), service)
	must(t, err)
	if store.asked != 0 {
		t.Errorf("the store was asked %d times for a read", store.asked)
	}
	must(t, w.client.SetPolicy(t.Context(), service, p))
	if store.asked != 1 {
		t.Errorf("the store was asked %d times for a write, want once", store.asked)
	}
}

func TestAnEndedContextAsksForNoTurn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sharing(1, memory.New())[0].turn(ctx, here)
	if status.Code(err) != codes.Canceled {
		t.Errorf("error is %v, want that the context ended", err)
	}
}

// Clocks that differ by more than sharedWindow has room for let more writes
// through, and never more than each process would let through alone.
func TestClocksThatDifferByHalfAMinuteDoNotDoubleTheWritesNorKeepAnybodyOut(t *testing.T) {
	const skew = 30 * time.Second
	both := sharing(2, memory.New())
	clock := &both[0].now
	ahead := both[1].limits.now
	both[1].limits.now = func() time.Time { return ahead().Add(skew) }
	var sent []time.Time
	by := [2]int{}
	for len(sent) < 200 {
		i := len(sent) % 2
		for {
			held, err := both[i].turn(t.Context(), here)
			var busy *fault.BusyError
			if errors.As(err, &busy) {
				*clock = clock.Add(time.Second)
				i = 1 - i
				continue
			}
			must(t, err)
			*clock = clock.Add(held)
			break
		}
		by[i]++
		sent = append(sent, *clock)
	}
	wantSpread(t, sent, 2*DefaultRates.Writes)
	if took := sent[199].Sub(sent[0]); took > 12*time.Minute || by[0] == 0 || by[1] == 0 {
		t.Errorf("200 writes took %s, %v of each process", took, by)
	}
}
