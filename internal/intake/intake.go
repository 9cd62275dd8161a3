// Package intake reads the bodies of requests within a bound for all of them
// together.
//
// It promises that however many strangers send at once, what they sent and was
// not looked at yet takes no more memory than the bound; who is over it is turned
// away at once, and may come again. A body of which nothing came takes no room, and
// one of which little came takes little. Small requests, which people's clicks are,
// have room of their own, so that large ones do not keep them out; where there is
// none left, whoever has been sending for longest is cut off for them. What was cut
// off is given back when its Read returns, which is a moment later. It does not bound
// how long a sender may take, nor how many there are: the server does.
package intake

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

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
	// Small bounds the first SmallBody bytes of all bodies together, and Large the
	// rest of them, and those for which Small has no room left; all in bytes.
	Small, Large int64
	SmallBody    int64

	mu           sync.Mutex
	small, large int64     // taken
	sending      list.List // of each *taking that can be cut off, the longest there first
}

// Read reads a body of at most max bytes to its end. It may be cut off to make room
// for another while it is being read, if cut is not nil: cut must have whatever read
// of r waits return at once, and must not wait itself. The caller calls done when it
// no longer holds the body, also after an error. An error matches ErrTooLarge,
// ErrBusy, or is that of r.
func (m *Room) Read(r io.Reader, max int64, cut func()) (body []byte, done func(), err error) {
	b := &taking{room: m, cut: cut}
	body, err = b.read(r, max)
	if !b.end() {
		body, err = nil, ErrBusy
	}
	return body, b.release, err
}

func (b *taking) read(r io.Reader, max int64) ([]byte, error) {
	// Whoever sends nothing takes nothing: room is for what came.
	p := make([]byte, 1)
	var pieces [][]byte
	for total := int64(0); ; {
		n, err := fill(r, p)
		pieces = append(pieces, p[:n])
		switch total += int64(n); {
		case total > max:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF):
			return slices.Concat(pieces...), nil
		case err != nil:
			return nil, fmt.Errorf("read body: %w", err)
		}
		size, err := b.take()
		if err != nil {
			return nil, err
		}
		p = make([]byte, size)
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
