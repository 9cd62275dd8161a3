// Package lease is about what one process has to itself for a time. A lease is short, so
// that another process takes over within seconds of a death, and is renewed for as long as
// whoever has it is at work: how long that takes says nothing of whether it still lives.
package lease

import (
	"context"
	"errors"
	"time"
)

// For is how long a lease lasts that nobody renews. A revert that a process died over is
// as late as that, and what a store took and did not answer for.
const For = 30 * time.Second

// every is how often one is renewed: a renewal may fail, and the next one still comes in
// time. It is of the real clock, as is what takes so long: a request that Google Cloud, or
// the store, is slow to answer.
const every = For / 3

// ErrLost says that a lease is another's by now.
var ErrLost = errors.New("the lease is another's by now")

// While does it, and renews the lease meanwhile: never twice at once, and not after While
// has returned. Where renew returns an error that matches ErrLost, the context of do ends,
// and nothing is renewed any more; after any other error it is tried again, in time.
func While(ctx context.Context, renew func(context.Context) error, do func(context.Context)) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	while(ctx, tick.C, renew, do)
}

func while(ctx context.Context, tick <-chan time.Time, renew func(context.Context) error, do func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renewing, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-renewing.Done():
				return
			case <-tick:
			}
			if errors.Is(renew(renewing), ErrLost) {
				cancel()
				return
			}
		}
	}()
	do(ctx)
	stop()
	<-ended
}
