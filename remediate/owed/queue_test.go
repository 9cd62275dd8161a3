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

// Of many at once none is lost, wherever one is owed while others are worked off.
func TestNothingThatWasOwedIsLost(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 10_000 })
	var owing sync.WaitGroup
	stop := make(chan struct{})
	var draining sync.WaitGroup
	draining.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				b.drain(q)
			}
		}
	})
	for worker := range 8 {
		owing.Go(func() {
			for i := range 50 {
				b.owe(q, changeOf(fmt.Sprint("p", i%5), "api", worker*1000+i))
			}
		})
	}
	owing.Wait()
	close(stop)
	draining.Wait()
	for range 3 {
		b.pass(10 * time.Second)
		b.drain(q)
	}
	if len(b.judged) != 400 || b.count() != 0 {
		t.Errorf("%d judged, %d owed", len(b.judged), b.count())
	}
}

func TestThereIsRoomForSoManyAndNoMore(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 5 })
	place := owed.PlaceOf(changeOf("p", "api", 0).Resource)
	for i := range 5 {
		if err := q.Room(t.Context(), place); err != nil {
			t.Fatal(err)
		}
		b.owe(q, changeOf("p", "api", i))
	}
	err := q.Room(t.Context(), place)
	if !errors.Is(err, owed.ErrFull) || !strings.Contains(err.Error(), "google.owed") {
		t.Errorf("room for a sixth: %v", err)
	}
	if err := q.Owe(t.Context(), changeOf("p", "api", 9), errSlow); !errors.Is(err, owed.ErrFull) || b.count() != 5 {
		t.Errorf("a sixth: %v, %d owed", err, b.count())
	}
	second := b.process("two", func(c *owed.Config) { c.Most = 5 })
	if err := second.Room(t.Context(), "projects/other"); !errors.Is(err, owed.ErrFull) {
		t.Errorf("of another process: %v", err)
	}
	b.drain(q)
	if err := q.Room(t.Context(), place); err != nil {
		t.Errorf("after they were judged: %v", err)
	}
}

func TestOneProjectLeavesRoomForOthers(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	for i := range 90 {
		c := changeOf("noisy", "api", i)
		c.Resource.Location = fmt.Sprint("region-", i%40)
		b.owe(q, c)
	}
	noisy, quiet := changeOf("noisy", "api", 91), changeOf("quiet", "api", 1)
	if err := q.Room(t.Context(), owed.PlaceOf(noisy.Resource)); !errors.Is(err, owed.ErrFull) || !strings.Contains(err.Error(), "90 of projects/noisy") {
		t.Errorf("the noisy one: %v", err)
	}
	b.owe(q, quiet)
}

// What others settle is room again.
func TestTheShareOfAProjectIsWhatTheStoreSays(t *testing.T) {
	b := newBench(t)
	one, two := b.process("one"), b.process("two")
	for i := range 500 {
		b.owe(one, changeOf("p", "api", i))
		b.pass(lookEvery)
		if b.drain(two); b.count() > 0 {
			t.Fatalf("%d owed after %d", b.count(), i)
		}
		b.drain(one)
	}
}

const lookEvery = 6 * time.Second

// brokenStore does not answer.
type brokenStore struct {
	owed.Store
	asked int
}

func (s *brokenStore) CountOwed(context.Context, string) (int, error) {
	s.asked++
	return 0, errors.New("no database")
}

func TestAStoreThatDoesNotAnswerHasNoRoomAndIsAskedOnceASecond(t *testing.T) {
	b := newBench(t)
	s := &brokenStore{Store: b.Store}
	q := b.process("one", func(c *owed.Config) { c.Store = s })
	for range 50 {
		if err := q.Room(t.Context(), "projects/p"); err == nil || errors.Is(err, owed.ErrFull) || !strings.Contains(err.Error(), "no database") {
			t.Fatalf("room: %v", err)
		}
	}
	if err := q.Owe(t.Context(), changeOf("p", "api", 1), errSlow); err == nil || b.count() != 0 {
		t.Errorf("owed with %v", err)
	}
	b.pass(time.Second)
	_ = q.Room(t.Context(), "projects/p")
	if s.asked != 2 {
		t.Errorf("asked %d times, want 2", s.asked)
	}
}

func TestAfterADayItIsGivenUp(t *testing.T) {
	b := newBench(t)
	q := b.process("one")
	b.owe(q, changeOf("p", "api", 1))
	for _, err := range []error{errors.New("HTTP 500"), &fault.BusyError{Where: "300 reads a minute", After: time.Hour}} {
		b.given, b.answer = nil, func(cloud.Change) error { return err }
		b.pass(owed.GiveUpAfter - 5*time.Minute)
		if b.drain(q); len(b.given) > 0 || b.count() != 1 {
			t.Fatalf("given up before the day was over: %v", b.given)
		}
		b.pass(10 * time.Minute)
		b.drain(q)
		if want := []string{"p/api/001: " + err.Error()}; !slices.Equal(b.given, want) || b.count() != 0 {
			t.Errorf("given up %q, %d owed, want %q", b.given, b.count(), want)
		}
		b.owe(q, changeOf("p", "api", 1))
	}
}

func TestTheLogIsToldOnceAMinute(t *testing.T) {
	b := newBench(t)
	q := b.process("one", func(c *owed.Config) { c.Most = 30 })
	q.Tell(t.Context())
	for i := range 27 {
		b.owe(q, changeOf("noisy", "api", i))
	}
	for i := range 3 {
		b.owe(q, changeOf("quiet", "api", i))
	}
	for range 4 {
		_ = q.Room(t.Context(), "projects/x")
	}
	b.answer = func(cloud.Change) error { return &fault.BusyError{Where: "300 reads a minute", After: time.Hour} }
	for range 61 {
		b.pass(time.Second)
		q.Tell(t.Context())
		b.drain(q)
	}
	lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], "owed=30 of=30 refused=4") || !strings.Contains(lines[0], "projects/noisy/locations/europe-west1") {
		t.Errorf("the log has %d lines, want one with what is owed and refused:\n%s", len(lines), b.log.String())
	}
}

func TestAPlaceIsWhatRatesAreCountedBy(t *testing.T) {
	for want, r := range map[string]cloud.Resource{
		"projects/p/locations/r": cloud.RunResource(cloud.RunService, "p", "r", "s"),
		"projects/p":             cloud.ProjectResource("p"),
		"folders/1":              cloud.FolderResource("1"),
		"organizations/7":        cloud.OrganizationResource("7"),
		"projects/q":             {Kind: cloud.OrgPolicy, Parent: "projects/q", Name: "iam.x"},
		"folders/2":              {Kind: cloud.OrgPolicy, Parent: "folders/2", Name: "iam.x"},
	} {
		if got := owed.PlaceOf(r); got != want {
			t.Errorf("%s: %s, want %s", r, got, want)
		}
	}
}

func enters(q *owed.Queue, place string) bool {
	leave, err := q.Enter(place)
	if err == nil {
		leave()
	}
	return err == nil
}

func TestAPlaceHasRoomForFewChangesThatAreJudgedAsTheyCome(t *testing.T) {
	q := newBench(t).process("one")
	busy, other := owed.PlaceOf(changeOf("busy", "api", 1).Resource), owed.PlaceOf(changeOf("other", "api", 1).Resource)
	var leave []func()
	for enters(q, busy) && len(leave) < 1000 {
		l, err := q.Enter(busy)
		if err != nil {
			t.Fatal(err)
		}
		leave = append(leave, l)
	}
	if len(leave) != 16 || !enters(q, other) {
		t.Errorf("%d entered, and another place: %t; want 16 and true", len(leave), enters(q, other))
	}
	if _, err := q.Enter(busy); !errors.Is(err, owed.ErrBehind) {
		t.Errorf("one more: %v, want ErrBehind", err)
	}
	leave[3]()
	if !enters(q, busy) {
		t.Error("one left, and nobody may enter")
	}
}
