package bolt

import (
	"errors"
	"sync"

	"go.etcd.io/bbolt"
)

// maxTogether bounds the writes of one transaction.
const maxTogether = 100

// together has writes that wait for each other share a transaction, and so its two
// fsyncs: one after another they were 250 a second, and ten are a revert. A write
// that nobody waits behind is a transaction of its own, and waits for nothing.
type together struct {
	turn    chan struct{} // held by whoever writes
	mu      sync.Mutex
	waiting []*pendingWrite
}

type pendingWrite struct {
	do   func(*bbolt.Tx) error
	done chan error // what became of it, once it is on the disk
}

// update returns once do was committed, or with its error and without effect.
func (t *together) update(db *bbolt.DB, do func(*bbolt.Tx) error) error {
	w := &pendingWrite{do, make(chan error, 1)}
	t.mu.Lock()
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	for {
		select {
		case err := <-w.done:
			return err
		case t.turn <- struct{}{}:
			t.lead(db)
		}
	}
}

// errCutOff is what became of writes whose transaction ended in a panic.
var errCutOff = errors.New("the transaction was cut off")

// lead writes what waits, and answers each, whatever happens.
func (t *together) lead(db *bbolt.DB) {
	defer func() { <-t.turn }()
	all := t.next()
	defer func() {
		for _, w := range all {
			select {
			case w.done <- errCutOff:
			default: // it has its answer
			}
		}
	}()
	commit(db, all)
}

// next takes those that wait, the first ones first.
func (t *together) next() []*pendingWrite {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := min(len(t.waiting), maxTogether)
	next := t.waiting[:n:n]
	t.waiting = append([]*pendingWrite(nil), t.waiting[n:]...)
	return next
}

// commit does all of them in one transaction. Where one of them fails nothing of it
// has happened, and each is a transaction of its own: a conflict of one is none of
// the others'.
func commit(db *bbolt.DB, all []*pendingWrite) {
	if len(all) > 1 {
		err := guarded(func() error {
			return db.Update(func(tx *bbolt.Tx) error {
				for _, w := range all {
					if err := w.do(tx); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err == nil {
			for _, w := range all {
				w.done <- nil
			}
			return
		}
	}
	for _, w := range all {
		w.done <- guarded(func() error { return db.Update(w.do) })
	}
}
