package desk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// counting is work that says how often it was done.
func counting(n *atomic.Int32, err error) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { n.Add(1); return "done", err }
}

func TestS22OfManyProcessesOneTakesASignedRequest(t *testing.T) {
	o := newOffice(t)
	q := desk.RequestOf(o.now, "slack", "body")
	var done atomic.Int32
	var later atomic.Int32
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if said, _, err := o.Once(t.Context(), q, counting(&done, nil)); err != nil {
				later.Add(1)
			} else if said != "done" {
				t.Errorf("said %q", said)
			}
		})
	}
	all.Wait()
	said, again, err := o.Once(t.Context(), q, counting(&done, nil))
	if done.Load() != 1 || said != "done" || !again || err != nil {
		t.Errorf("done %d times; the last delivery: %q, again %t, %v; %d were told to come again", done.Load(), said, again, err, later.Load())
	}
}

func TestS22WhoeverDiesOverARequestLeavesItToAnother(t *testing.T) {
	o := newOffice(t)
	q := desk.RequestOf(o.now, "slack", "body")
	var done atomic.Int32
	dies := func(context.Context) (string, error) { panic("killed") }
	func() {
		defer func() { _ = recover() }()
		_, _, _ = o.Once(t.Context(), q, dies)
	}()
	if _, _, err := o.Once(t.Context(), q, counting(&done, nil)); err == nil || done.Load() != 0 {
		t.Errorf("while somebody may be at it: %v, done %d times", err, done.Load())
	}
	o.now = o.now.Add(finding.Lease)
	if _, again, err := o.Once(t.Context(), q, counting(&done, nil)); err != nil || again || done.Load() != 1 {
		t.Errorf("after that: %v, again %t, done %d times", err, again, done.Load())
	}
}

func TestS22WhatFailedComesAgainAndCountsThen(t *testing.T) {
	o := newOffice(t)
	q := desk.RequestOf(o.now, "iap", "body")
	var done atomic.Int32
	down := errors.New("the store is down")
	gone, cancel := context.WithCancel(t.Context())
	_, _, err := o.Once(gone, q, func(context.Context) (string, error) { cancel(); return "", down })
	if !errors.Is(err, down) {
		t.Errorf("failed: %v", err)
	}
	if _, again, err := o.Once(t.Context(), q, counting(&done, nil)); err != nil || again || done.Load() != 1 {
		t.Errorf("come again: %v, again %t, done %d times", err, again, done.Load())
	}
}

func TestS22AnswersCountForAnHourFromWhenTheyWereSigned(t *testing.T) {
	o := newOffice(t)
	signed := o.now
	var done atomic.Int32
	o.now = signed.Add(desk.AnswerWithin)
	if _, _, err := o.Once(t.Context(), desk.RequestOf(signed, "in time"), counting(&done, nil)); err != nil {
		t.Errorf("after an hour to the second: %v", err)
	}
	o.now = o.now.Add(time.Second)
	_, _, err := o.Once(t.Context(), desk.RequestOf(signed, "late"), counting(&done, nil))
	o.wantRefused(err, finding.ClassLate, "signed at 2026-11-22T12:00:00Z, and counts for an hour")
	_, _, err = o.Once(t.Context(), desk.RequestOf(signed, "in time"), counting(&done, nil))
	o.wantRefused(err, finding.ClassLate, "counts for an hour")
	if done.Load() != 1 {
		t.Errorf("done %d times", done.Load())
	}
}

// What is remembered may be forgotten once it would be refused for its age.
func TestS22WhatIsRememberedOfARequestHasAnEnd(t *testing.T) {
	o := newOffice(t)
	q := desk.RequestOf(o.now, "body")
	if _, _, err := o.Once(t.Context(), q, func(context.Context) (string, error) { return strings.Repeat("é", 5000), nil }); err != nil {
		t.Fatal(err)
	}
	_, c, err := cells.Read[any](t.Context(), o.store, "signed/"+q.Name)
	if err != nil || c.Revision == 0 || !c.KeepUntil.After(o.now.Add(desk.AnswerWithin)) || c.KeepUntil.After(o.now.Add(2*desk.AnswerWithin)) || len(c.Value) > 3000 {
		t.Errorf("%d bytes kept until %s, revision %d, %v", len(c.Value), c.KeepUntil, c.Revision, err)
	}
}

func TestARequestIsNamedByEachOfItsParts(t *testing.T) {
	at := time.Unix(0, 0)
	names := map[string]bool{}
	for _, parts := range [][]string{{"a", "b"}, {"ab"}, {"a", "", "b"}, {"", "ab"}, {"a", "c"}, {"1:a"}, {"a"}} {
		names[desk.RequestOf(at, parts...).Name] = true
	}
	if len(names) != 7 {
		t.Errorf("%d names for 7 requests", len(names))
	}
	if a, b := desk.RequestOf(at, "a", "b"), desk.RequestOf(at, "a", "b"); a != b {
		t.Error("one request has two names")
	}
}
