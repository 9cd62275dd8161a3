package sandbox

import (
	"sync"
)

// queue holds entries between the simulated cloud that writes them and the
// delivery that pushes them, so that a write never waits for its own event.
type queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	entries [][]byte
	pending int // put and not yet delivered
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
	q.changed = sync.NewCond(&q.mu)
	return q
}

func (q *queue) put(entry []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, entry)
	q.pending++
	q.changed.Broadcast()
}

// take waits for the next entry; false when the queue was closed.
func (q *queue) take() ([]byte, bool) {
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

func (q *queue) delivered() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pending--
	q.changed.Broadcast()
}

// settle waits until everything written so far, and whatever rescind wrote
// because of it, was delivered.
func (q *queue) settle() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.pending > 0 && !q.closed {
		q.changed.Wait()
	}
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}

// Settle waits until everything written so far, and whatever rescind wrote
// because of it, was delivered.
func (w *World) Settle() { w.queue.settle() }
