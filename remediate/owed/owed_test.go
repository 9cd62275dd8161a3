package owed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// bench is a store, a clock, and a judge that does as it is told.
type bench struct {
	*testing.T
	*memory.Store

	mu     sync.Mutex
	now    time.Time
	answer func(c cloud.Change) error // nil: all is judged
	judged []string
	given  []string // up
	log    bytes.Buffer
}

func newBench(t *testing.T) *bench {
	return &bench{T: t, Store: memory.New(), now: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)}
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

// process is one more process on the store.
func (b *bench) process(name string, change ...func(*owed.Config)) *owed.Queue {
	b.Helper()
	c := owed.Config{Store: b.Store, Cells: b.Store, Most: 100, Now: b.clock, NewID: func() string { return name },
		Log: slog.New(slog.NewTextHandler(&b.log, nil))}
	for _, f := range change {
		f(&c)
	}
	q, err := owed.New(c)
	if err != nil {
		b.Fatal(err)
	}
	return q
}

func (b *bench) Judge(_ context.Context, c cloud.Change) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answer != nil {
		if err := b.answer(c); err != nil {
			return err
		}
	}
	b.judged = append(b.judged, c.ID)
	return nil
}

func (b *bench) GiveUp(_ context.Context, c cloud.Change, why error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.given = append(b.given, c.ID+": "+why.Error())
	return nil
}

// changeOf is the n-th change of the service in the project.
func changeOf(project, service string, n int) cloud.Change {
	return cloud.Change{ID: fmt.Sprintf("%s/%s/%03d", project, service, n), Content: "x", Resource: cloud.RunResource(cloud.RunService, project, "europe-west1", service)}
}

var errSlow = errors.New("not within a second")

func (b *bench) owe(q *owed.Queue, cs ...cloud.Change) {
	b.Helper()
	for _, c := range cs {
		b.pass(time.Millisecond)
		if err := q.Owe(b.Context(), c, errSlow); err != nil {
			b.Fatal(err)
		}
	}
}

func (b *bench) drain(q *owed.Queue) int {
	b.Helper()
	n, err := q.Drain(b.Context(), b, b.clock().Add(time.Hour))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func (b *bench) count() int {
	b.Helper()
	n, err := b.CountOwed(b.Context(), "")
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func TestWhatAPlaceOwesIsJudgedInTheOrderInWhichItCame(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 1000 })
	var want []string
	for i := range 250 { // more than is read at once
		c := changeOf("p", []string{"api", "web"}[i%2], i)
		b.owe(q, c)
		want = append(want, c.ID)
	}
	if n := b.drain(q); n != len(want) || b.count() != 0 || !enters(q, owed.PlaceOf(changeOf("p", "api", 0).Resource)) {
		t.Errorf("settled %d of %d, %d are left", n, len(want), b.count())
	}
	if d := cmp.Diff(want, b.judged); d != "" {
		t.Errorf("judged (-want +got):\n%s", d)
	}
}

// What is delivered again while it is owed is owed once.
func TestADeliveryOfWhatIsOwedAddsNothing(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	c := changeOf("p", "api", 1)
	b.owe(q, c, c)
	other := c
	other.Content = "y" // has its ID, and says something else
	b.owe(q, other)
	if b.count() != 2 {
		t.Errorf("%d owed, want 2", b.count())
	}
	b.drain(q)
	if d := cmp.Diff([]string{c.ID, c.ID}, b.judged); d != "" {
		t.Error(d)
	}
}

// One that fails keeps back what else is owed of its resource, in order, and nothing more.
func TestAChangeThatFailsKeepsBackItsResourceAlone(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	b.owe(q, changeOf("p", "api", 1), changeOf("p", "web", 2), changeOf("p", "api", 3), changeOf("p", "api", 4), changeOf("q", "api", 5))
	out := true
	b.answer = func(c cloud.Change) error {
		if out && c.Resource.Name == "api" && c.Resource.Project == "p" {
			return errors.New("HTTP 500")
		}
		return nil
	}
	b.drain(q)
	slices.Sort(b.judged)
	if d := cmp.Diff([]string{"p/web/002", "q/api/005"}, b.judged); d != "" {
		t.Errorf("judged while api fails (-want +got):\n%s", d)
	}
	b.judged = nil
	b.owe(q, changeOf("p", "api", 6), changeOf("p", "web", 7)) // due before those that wait
	if b.drain(q); !slices.Equal(b.judged, []string{"p/web/007"}) {
		t.Errorf("judged %q, want what came of the other service meanwhile, and at once", b.judged)
	}
	for range 3 {
		b.drain(q)
		b.pass(7 * time.Second)
	}
	b.judged, out = nil, false
	for range 3 {
		b.pass(5 * time.Minute)
		b.drain(q)
	}
	if d := cmp.Diff([]string{"p/api/001", "p/api/003", "p/api/004", "p/api/006"}, b.judged); d != "" {
		t.Errorf("judged once it does not (-want +got):\n%s", d)
	}
}

func TestAPlaceWhoseRateIsUsedUpRestsAndTheOthersDoNot(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	asked := 0
	b.answer = func(c cloud.Change) error {
		if c.Resource.Project == "noisy" {
			if asked++; asked > 2 {
				return &fault.BusyError{Where: "300 reads a minute in projects/noisy", After: time.Minute}
			}
		}
		return nil
	}
	for i := range 20 {
		b.owe(q, changeOf("noisy", "api", i), changeOf(fmt.Sprint("quiet-", i), "api", i))
	}
	b.drain(q)
	if b.count() != 18 || asked != 3 {
		t.Errorf("%d owed after %d requests in the noisy project, want 18 after 3", b.count(), asked)
	}
	b.pass(30 * time.Second)
	b.drain(q)
	if asked != 3 {
		t.Errorf("asked %d times, and its rate has no turn yet", asked)
	}
	second := b.process("two")
	b.drain(second)
	if asked != 3 {
		t.Error("another process asked, which was to know of the rest from the store")
	}
	b.pass(31 * time.Second)
	b.answer = nil
	b.drain(q)
	if b.count() != 0 {
		t.Errorf("%d owed", b.count())
	}
}

// A change that needs three reads of a rate that gives one each six seconds would use each
// turn up and never be judged.
func TestAChangeThatNeedsManyTurnsGetsThem(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	b.owe(q, changeOf("p", "api", 1))
	turns := []time.Time{}
	b.answer = func(cloud.Change) error {
		for range 3 {
			turns = slices.DeleteFunc(turns, func(at time.Time) bool { return b.now.Sub(at) >= 6*time.Second*10 })
			if len(turns) >= 10 {
				return &fault.BusyError{Where: "10 reads a minute", After: turns[0].Add(time.Minute).Sub(b.now)}
			}
			turns = append(turns, b.now)
		}
		return nil
	}
	for i := range 10 { // one each six seconds were used
		turns = append(turns, b.now.Add(time.Duration(i-10)*6*time.Second))
	}
	for range 600 {
		b.drain(q)
		b.pass(time.Second)
	}
	if len(b.judged) != 1 {
		t.Error("it was not judged in ten minutes")
	}
}

func TestOfTwoProcessesOneWorksAPlaceOff(t *testing.T) {
	b := newBench(t)
	one, two := b.process("one"), b.process("two")
	for i := range 40 {
		b.owe([]*owed.Queue{one, two}[i%2], changeOf("p", "api", i))
	}
	var both sync.WaitGroup
	both.Go(func() { b.drain(one) })
	both.Go(func() { b.drain(two) })
	both.Wait()
	b.pass(10 * time.Second)
	b.drain(one)
	b.drain(two)
	if !slices.IsSorted(b.judged) || len(b.judged) != 40 || b.count() != 0 {
		t.Errorf("judged %v", b.judged)
	}
}

func TestWhatAProcessThatDiedOwedIsJudgedByAnother(t *testing.T) {
	b := newBench(t)
	one := b.process("one")
	b.owe(one, changeOf("p", "api", 1))
	dying, die := context.WithCancel(t.Context())
	b.answer = func(cloud.Change) error { die(); return dying.Err() }
	if _, err := one.Drain(dying, b, b.clock().Add(time.Hour)); !errors.Is(err, context.Canceled) || b.count() != 1 {
		t.Fatalf("%v, %d owed", err, b.count())
	}
	b.answer = nil
	b.pass(2 * time.Minute)
	b.drain(b.process("two"))
	if len(b.judged) != 1 || b.count() != 0 {
		t.Errorf("judged %v, %d owed", b.judged, b.count())
	}
}
