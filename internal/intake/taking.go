package intake

import "container/list"

// How much of a body is read at once, in bytes: as much again as came already, and
// no less and no more than these.
const (
	leastPiece = 1 << 10
	mostPiece  = 32 << 10
)

// taking is what one body has taken of the room. All but room and cut is guarded by
// the room's lock.
type taking struct {
	room         *Room
	cut          func() // nil: it cannot be cut off
	small, large int64
	place        *list.Element // among those who are sending; nil: not there
	lost         bool          // it was cut off
}

// take takes room for the next piece and returns its size, or returns ErrBusy.
func (b *taking) take() (int64, error) {
	m := b.room
	m.mu.Lock()
	defer m.mu.Unlock()
	has := b.small + b.large
	n := min(max(has, leastPiece), mostPiece)
	small := has < m.SmallBody
	if small {
		n = min(n, m.SmallBody-has)
	}
	for !b.add(n, small) {
		if !small || b.lost || !m.cutLongest(b) {
			return 0, ErrBusy
		}
	}
	if b.place == nil && b.cut != nil {
		b.place = m.sending.PushBack(b)
	}
	return n, nil
}

// add adds so many bytes to what is taken, if there is room.
func (b *taking) add(n int64, small bool) bool {
	m := b.room
	switch {
	case b.lost:
		return false
	case small && m.small+n <= m.Small:
		m.small += n
		b.small += n
	case m.large+n <= m.Large:
		m.large += n
		b.large += n
	default:
		return false
	}
	return true
}

// cutLongest cuts off whoever has been sending for longest, and reports whether
// there was somebody but b.
func (m *Room) cutLongest(b *taking) bool {
	e := m.sending.Front()
	if e == nil {
		return false
	}
	longest, ok := e.Value.(*taking)
	if !ok || longest == b {
		return false
	}
	longest.giveBack()
	longest.lost = true
	// Under the lock: once it has ended, its connection may be another request's.
	longest.cut()
	return true
}

// end says that the body is read no longer, so that it is not cut off from now on.
// It reports false if it was.
func (b *taking) end() bool {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.leave()
	return !b.lost
}

// release gives back what was taken; doing it again does nothing.
func (b *taking) release() {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.giveBack()
}

func (b *taking) giveBack() {
	b.leave()
	b.room.small -= b.small
	b.room.large -= b.large
	b.small, b.large = 0, 0
}

func (b *taking) leave() {
	if b.place != nil {
		b.room.sending.Remove(b.place)
		b.place = nil
	}
}
