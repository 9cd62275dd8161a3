package owed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// One change that fails makes its whole place rest, up to five minutes: what comes
// meanwhile of other resources is not judged.
func TestAttackOneThatFailsDelaysNoOtherResourceOfItsPlace(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	b.answer = func(c cloud.Change) error {
		if c.Resource.Name == "poison" {
			return errors.New("HTTP 500")
		}
		return nil
	}
	b.owe(q, changeOf("p", "poison", 1))
	for range 8 { // until it is put off for five minutes
		b.drain(q)
		b.pass(5 * time.Minute)
	}
	b.drain(q)
	b.owe(q, changeOf("p", "web", 2))
	b.pass(time.Second)
	b.drain(q)
	if len(b.judged) != 1 {
		t.Errorf("judged %v a second after it came; it waits until the poisoned one is due", b.judged)
	}
}

// A change that needs a rate which is not its place's (an account of another project)
// stays the first of its place and keeps all others back.
func TestAttackARateOfAnotherProjectKeepsBackOneChangeAndNotThePlace(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	b.answer = func(c cloud.Change) error {
		if c.Resource.Name == "poison" {
			return &fault.BusyError{Where: "300 reads a minute in projects/attacker", After: 15 * time.Second}
		}
		return nil
	}
	b.owe(q, changeOf("victim", "poison", 1), changeOf("victim", "web", 2))
	for range 60 {
		b.drain(q)
		b.pass(time.Minute)
	}
	if !slices.Contains(b.judged, "victim/web/002") {
		t.Errorf("judged %v in an hour", b.judged)
	}
}

func inOrder(t *testing.T, judged []string, prefix string) {
	t.Helper()
	var of []string
	for _, id := range judged {
		if strings.HasPrefix(id, prefix) {
			of = append(of, id)
		}
	}
	if !slices.IsSorted(of) || len(of) == 0 {
		t.Errorf("judged in the order %v", of[:min(len(of), 10)])
	}
}

// What was put off is due later than what came after it; they are sorted within one
// batch of 100 alone.
func TestAttackOrderHoldsOverMoreThanABatch(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 1000 })
	fails := true
	b.answer = func(c cloud.Change) error {
		if fails && c.Resource.Name == "api" {
			return errors.New("HTTP 500")
		}
		return nil
	}
	b.owe(q, changeOf("p", "api", 1))
	b.drain(q) // put off for five seconds
	fails = false
	b.owe(q, changeOf("p", "api", 2)) // due at once
	for i := range 150 {
		b.owe(q, changeOf("p", "web", i)) // due before api 1 as well
	}
	b.pass(6 * time.Second)
	b.drain(q)
	inOrder(t, b.judged, "p/api/")
}

// Only the first 100 of what is put off are known to wait.
func TestAttackOrderHoldsWithMoreThanABatchPutOff(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 1000 })
	fails := true
	b.answer = func(c cloud.Change) error {
		if fails {
			return errors.New("HTTP 500")
		}
		return nil
	}
	for i := range 120 {
		b.owe(q, changeOf("p", fmt.Sprintf("s%03d", i), 1))
	}
	b.drain(q)
	fails = false
	b.owe(q, changeOf("p", "s119", 2))
	b.drain(q)
	b.pass(time.Minute)
	b.drain(q)
	inOrder(t, b.judged, "p/s119/")
}

// The same with a long line of one resource, whose first fails: a pass that runs out of
// time leaves the rest of the line due before its first.
func TestAttackALongLineBehindOneThatFailsStaysInOrder(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 10_000 })
	fails := true
	b.answer = func(cloud.Change) error {
		if fails {
			return errors.New("HTTP 500")
		}
		return nil
	}
	for i := range 500 {
		b.owe(q, changeOf("p", "api", i))
	}
	b.drain(q)
	fails = false
	b.pass(time.Minute)
	b.drain(q)
	inOrder(t, b.judged, "p/api/")
}

// What another process settles counts for its project for ever in the one that put it
// there.
func TestAttackWhatAnotherProcessSettlesTakesNoRoom(t *testing.T) {
	b := newBench(t)
	one, two := b.process("one"), b.process("two")
	for i := range 95 {
		if err := one.Owe(t.Context(), changeOf("p", "api", i), errSlow); err != nil {
			t.Fatalf("the change %d: %v, and %d are owed", i, err, b.count())
		}
		b.pass(6 * time.Second)
		b.drain(two)
		b.drain(one)
	}
}

// So does what is delivered again.
func TestAttackWhatIsDeliveredAgainTakesNoRoom(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	for range 95 {
		b.pass(6 * time.Second)
		if err := q.Owe(t.Context(), changeOf("p", "api", 1), errSlow); err != nil {
			t.Fatalf("%v, and %d are owed", err, b.count())
		}
	}
}

// Places that never rest come before those that once did: 64 of them, which are slow and
// owe without end, keep those that rested once from their turn for as long as they like.
func TestAttackPlacesThatAlwaysOweKeepNoOtherFromItsTurn(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 10_000 })
	b.answer = func(cloud.Change) error {
		return &fault.BusyError{Where: "300 reads a minute", After: time.Second}
	}
	b.owe(q, changeOf("victim", "api", 1))
	b.drain(q)
	b.pass(10 * time.Second)
	for p := range 80 {
		b.owe(q, changeOf(fmt.Sprint("noisy-", p), "api", 0))
	}
	var mu sync.Mutex
	n, at := 0, -1
	j := judging(func(c cloud.Change) error {
		mu.Lock()
		defer mu.Unlock()
		if n++; c.Resource.Project == "victim" {
			at = n
			return nil
		}
		if n < 400 {
			b.pass(61 * time.Second)
			b.owe(q, changeOf(c.Resource.Project, "api", n))
		}
		return nil
	})
	if _, err := q.Drain(t.Context(), j, b.clock().Add(100*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if at < 0 || at > 300 {
		t.Errorf("the victim is judged as number %d of %d", at, n)
	}
}

// With the store down each place has its line every five seconds.
func TestAttackAStoreThatIsDownIsOneLineAMinute(t *testing.T) {
	b := newBench(t)
	s := &downStore{bench: b}
	q := b.process("one", func(c *owed.Config) { c.Most, c.Store = 10_000, s })
	for p := range 50 {
		b.owe(q, changeOf(fmt.Sprint("p", p), "api", 1))
	}
	s.down = true
	for range 60 {
		_, _ = q.Drain(t.Context(), b, b.clock().Add(time.Second))
		b.pass(time.Second)
	}
	if n := strings.Count(b.log.String(), "\n"); n > 20 {
		t.Errorf("%d lines in a minute", n)
	}
}

type downStore struct {
	*bench
	down bool
}

func (s *downStore) Owed(ctx context.Context, q owed.Query) ([]owed.Change, error) {
	if s.down {
		return nil, errors.New("unavailable")
	}
	return s.Store.Owed(ctx, q)
}

// What another process puts into a place, in which one waits for its next try, is judged
// by whoever has the CPU: on Cloud Run that is who answers POST /sweep.
func TestAttackWhatAnotherProcessOwesBesideOneThatFailsIsFound(t *testing.T) {
	b := newBench(t)
	one, two := b.process("one"), b.process("two")
	b.answer = func(c cloud.Change) error {
		if c.Resource.Name == "poison" {
			return errors.New("HTTP 500")
		}
		return nil
	}
	b.owe(one, changeOf("p", "poison", 1))
	for range 8 { // until it is put off for five minutes
		b.drain(one)
		b.pass(5 * time.Minute)
	}
	b.drain(one)
	b.owe(two, changeOf("p", "web", 2))
	for range 2 {
		b.pass(time.Minute)
		b.drain(one)
	}
	if len(b.judged) != 1 {
		t.Errorf("judged %v within two minutes", b.judged)
	}
}

// A judge that ends as a change was deleted under it does not stop the loop of its place.
func TestAttackWhatIsRefusedForWantOfRoomWhenOwedIsCounted(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 10 })
	for i := range 30 {
		_ = q.Owe(t.Context(), changeOf(fmt.Sprint("p", i), "api", i), errSlow)
	}
	q.Tell(t.Context())
	if !strings.Contains(b.log.String(), "refused=20") {
		t.Errorf("the log: %s", b.log.String())
	}
}
