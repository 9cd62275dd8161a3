package main

import (
	"encoding/json"
	"sync"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// demoEvent is one delivered message and what became of it.
type demoEvent struct {
	Message  string
	Entry    []byte `json:"-"`
	Method   string
	Resource string
	Actor    string
	Time     string
	Status   int
	Outcome  string
	Findings []string // ids
}

// demoFeed lists the events in the order they were delivered. Deliveries come
// one at a time, so the one that is under way is the last.
type demoFeed struct {
	mu     sync.Mutex
	events []demoEvent
}

func (f *demoFeed) begin(entry []byte, messageID string) {
	var e struct {
		Timestamp    string
		ProtoPayload struct {
			MethodName, ResourceName string
			AuthenticationInfo       struct{ PrincipalEmail string }
		}
	}
	_ = json.Unmarshal(entry, &e) // for showing only: what cannot be read shows as nothing
	p := e.ProtoPayload
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, demoEvent{
		Message: messageID, Entry: entry, Method: p.MethodName, Resource: p.ResourceName,
		Actor: p.AuthenticationInfo.PrincipalEmail, Time: e.Timestamp,
	})
}

func (f *demoFeed) end(status int, err error) {
	f.last(func(e *demoEvent) {
		e.Status = status
		if err != nil {
			e.Outcome = err.Error()
		}
	})
}

// counted is told what kind of message the receiver took it for.
func (f *demoFeed) counted(kind string) { f.last(func(e *demoEvent) { e.Outcome = kind }) }

func (f *demoFeed) became(c cloud.Change, out remediate.Outcome) {
	f.last(func(e *demoEvent) {
		e.Resource, e.Outcome = c.Resource.Path(), string(out.Kind)
		for _, finding := range out.Findings {
			e.Findings = append(e.Findings, finding.ID)
		}
	})
}

func (f *demoFeed) last(change func(*demoEvent)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.events); n > 0 {
		change(&f.events[n-1])
	}
}

// all returns the events so far.
func (f *demoFeed) all() []demoEvent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]demoEvent(nil), f.events...)
}

// demoQueue holds entries between the simulated cloud that writes them and the
// delivery that pushes them, so that a write never waits for its own event.
type demoQueue struct {
	mu      sync.Mutex
	changed *sync.Cond
	entries [][]byte
	pending int // put and not yet delivered
	closed  bool
}

func newDemoQueue() *demoQueue {
	q := &demoQueue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *demoQueue) put(entry []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, entry)
	q.pending++
	q.changed.Broadcast()
}

// take waits for the next entry; false when the queue was closed.
func (q *demoQueue) take() ([]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.entries) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return nil, false
	}
	e := q.entries[0]
	q.entries = q.entries[1:]
	return e, true
}

func (q *demoQueue) delivered() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.changed.Broadcast()
}

// settle waits until everything written so far, and whatever rescind wrote
// because of it, was delivered.
func (q *demoQueue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.pending > 0 && !q.closed {
		q.changed.Wait()
	}
}

func (q *demoQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
