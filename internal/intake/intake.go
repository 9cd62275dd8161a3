// Package intake reads the bodies of requests within a bound for all of them
// together.
//
// It promises that however many strangers send at once, what they sent and was
// not looked at yet takes no more memory than the bound; who is over it is turned
// away at once, and may come again. Small requests, which people's clicks are, have
// room of their own, so that large ones do not keep them out. It does not bound how
// long a sender may take: the server's timeouts do.
package intake

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// piece is how much of a body is read at once, in bytes.
const piece = 16 << 10

// What a body is refused for.
var (
	// ErrTooLarge says that the body has more bytes than it may have.
	ErrTooLarge = errors.New("the body is too large")
	// ErrBusy says that too many bodies are being read at the moment.
	ErrBusy = errors.New("too much is being received at the moment")
)

// Room is what bodies may take in all. The zero Room has none. It is safe for
// concurrent use.
type Room struct {
	// Small bounds the first SmallBody bytes of all bodies together, Large the
	// rest of them; all in bytes.
	Small, Large int64
	SmallBody    int64

	mu           sync.Mutex
	small, large int64 // taken
}

// Read reads a body of at most max bytes to its end. The caller calls done when it
// no longer holds it, also after an error. An error matches ErrTooLarge, ErrBusy, or
// is that of r.
func (m *Room) Read(r io.Reader, max int64) (body []byte, done func(), err error) {
	b := &taking{room: m}
	var pieces [][]byte
	for total := int64(0); ; {
		if err := b.take(piece); err != nil {
			return nil, b.release, err
		}
		p := make([]byte, piece)
		n, err := fill(r, p)
		pieces = append(pieces, p[:n])
		switch total += int64(n); {
		case total > max:
			return nil, b.release, ErrTooLarge
		case errors.Is(err, io.EOF):
			return slices.Concat(pieces...), b.release, nil
		case err != nil:
			return nil, b.release, fmt.Errorf("read body: %w", err)
		}
	}
}

// fill reads until p is full or the reader ends. Unlike io.ReadFull it leaves the
// reader's own error as it is: a body that was cut off is not one that ended.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = r.Read(p[n:])
		n += more
	}
	return n, err
}

// taking is what one body has taken of the room.
type taking struct {
	room         *Room
	small, large int64
}

// take takes so many bytes more, or returns ErrBusy.
func (b *taking) take(n int64) error {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	switch {
	case b.small < b.room.SmallBody && b.room.small+n <= b.room.Small:
		b.room.small += n
		b.small += n
	case b.small >= b.room.SmallBody && b.room.large+n <= b.room.Large:
		b.room.large += n
		b.large += n
	default:
		return ErrBusy
	}
	return nil
}

// release gives back what was taken; doing it again does nothing.
func (b *taking) release() {
	b.room.mu.Lock()
	defer b.room.mu.Unlock()
	b.room.small -= b.small
	b.room.large -= b.large
	b.small, b.large = 0, 0
}
