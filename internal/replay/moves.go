package replay

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// A facts file says what holds what, and not since when. After a move that it does not
// agree with, what is above the container that was moved is not known.

// move is a container that was given another parent, or may have been.
type move struct {
	to string // empty where the entry does not say
	at time.Time
	// perhaps is true where it is not known how the call ended.
	perhaps bool
}

func (l *learned) move(c cloud.Change) {
	if c.Verb != cloud.Move {
		return
	}
	key := l.numbers.resource(c.Resource).Path()
	l.moves[key] = append(l.moves[key], move{c.Parent, c.Time, c.Half == cloud.FirstHalf})
}

// unmoved is the chain up to the first container that was moved elsewhere, and why it is
// known no further; "" where it is. One that was moved to where the chain has it is there.
func (f factsAt) unmoved(chain []string) (known []string, why string) {
	for i, container := range chain {
		last := f.lastMove(container)
		if last == nil || i+1 < len(chain) && last.to == chain[i+1] {
			continue
		}
		when := "at a time that no entry tells"
		if !last.at.IsZero() {
			when = "at " + last.at.Format(time.RFC3339)
		}
		return slices.Clip(chain[:i+1]), container + last.was() + when + ", and what holds it since is not in the facts file"
	}
	return chain, ""
}

// lastMove is the latest before the moment. One without a time may be that.
func (f factsAt) lastMove(container string) *move {
	var last *move
	for i, m := range f.learned.moves[container] {
		if m.at.IsZero() || !m.at.After(f.at) {
			last = &f.learned.moves[container][i]
		}
	}
	return last
}

// was says that it was moved, or may have been.
func (m move) was() string {
	if m.perhaps {
		return " may have been moved "
	}
	return " was moved "
}
