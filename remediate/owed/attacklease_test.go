package owed_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// While a worker gives a lease back another of its process may have taken it: its lease
// is given away under it, and a second process judges the same change.
func TestAttackAPlaceIsOneWorkersWhileItsLeaseIsGivenBack(t *testing.T) {
	b := newBench(t)
	h := &releasing{bench: b, begun: make(chan struct{})}
	one := b.process("one", func(c *owed.Config) { c.Cells = h })
	two := b.process("two")
	h.release = func() { // the store is at the release of the first: another change comes
		b.owe(one, changeOf("p", "api", 2))
		select {
		case <-h.begun:
		case <-time.After(time.Second): // a queue that waits with it is right
		}
	}
	var mu sync.Mutex
	at, most := 0, 0
	var who []string
	judge := func(name string) owed.Judge {
		return judging(func(c cloud.Change) error {
			mu.Lock()
			who = append(who, name+" "+c.ID)
			if at++; at > most {
				most = at
			}
			first := c.ID == "p/api/002" && name == "one" && !slices.Contains(who[:len(who)-1], name+" "+c.ID)
			mu.Unlock()
			if first {
				close(h.begun)
				<-h.released
				_, err := two.Drain(t.Context(), judgeAs(&mu, &who, "two"), b.clock().Add(time.Minute))
				if err != nil {
					t.Error(err)
				}
			}
			mu.Lock()
			at--
			mu.Unlock()
			return nil
		})
	}
	h.released = make(chan struct{})
	b.owe(one, changeOf("p", "api", 1))
	if _, err := one.Drain(t.Context(), judge("one"), b.clock().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if len(who) != 2 {
		t.Errorf("judged %v", who)
	}
}

func judgeAs(mu *sync.Mutex, who *[]string, name string) owed.Judge {
	return judging(func(c cloud.Change) error {
		mu.Lock()
		defer mu.Unlock()
		*who = append(*who, name+" "+c.ID)
		return nil
	})
}

type judging func(cloud.Change) error

func (j judging) Judge(_ context.Context, c cloud.Change) error           { return j(c) }
func (j judging) GiveUp(_ context.Context, c cloud.Change, _ error) error { return j(c) }

// releasing holds the first release of a lease up.
type releasing struct {
	*bench
	sets            int
	mu              sync.Mutex
	release         func()
	begun, released chan struct{}
}

func (r *releasing) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	r.mu.Lock()
	r.sets++
	n := r.sets
	r.mu.Unlock()
	if n == 2 { // claim, release
		r.release()
		defer close(r.released)
	}
	got, err := r.Store.SetCell(ctx, c)
	return got, err
}

// dead is a store that a process does not reach any more after it has claimed a place.
type dead struct {
	*bench
	claimed bool
}

func (d *dead) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if d.claimed {
		return cells.Cell{}, errors.New("the process is dead")
	}
	d.claimed = true
	return d.Store.SetCell(ctx, c)
}

func TestAPlaceWhoseWorkerWasKilledIsAnothersWithinFortyFiveSeconds(t *testing.T) {
	b := newBench(t)
	one := b.process("one", func(c *owed.Config) { c.Cells = &dead{bench: b} })
	b.owe(one, changeOf("p", "api", 1))
	dying, die := context.WithCancel(t.Context())
	b.answer = func(cloud.Change) error { die(); return dying.Err() }
	_, _ = one.Drain(dying, b, b.clock().Add(time.Hour))
	b.answer = nil
	two := b.process("two")
	for range 9 {
		b.drain(two)
		b.pass(5 * time.Second)
	}
	if len(b.judged) != 1 || b.count() != 0 {
		t.Errorf("judged %v, %d owed", b.judged, b.count())
	}
}
