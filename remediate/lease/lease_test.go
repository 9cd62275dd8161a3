package lease

import (
	"context"
	"errors"
	"testing"
	"time"
)

var errStore = errors.New("the store does not answer")

func TestALeaseIsRenewedAtEachTickUntilTheWorkIsDone(t *testing.T) {
	tick, renewed := make(chan time.Time), make(chan struct{})
	n := 0
	renew := func(context.Context) error { n++; renewed <- struct{}{}; return errStore }
	while(t.Context(), tick, renew, func(ctx context.Context) {
		for range 3 { // one that fails is followed by the next
			tick <- time.Time{}
			<-renewed
		}
		if ctx.Err() != nil {
			t.Error("the work was cut off, though nobody has the lease")
		}
	})
	select {
	case tick <- time.Time{}:
		t.Error("it is renewed after the work is done")
	default:
	}
	if n != 3 {
		t.Errorf("renewed %d times", n)
	}
}

func TestWorkWhoseLeaseIsAnothersIsCutOff(t *testing.T) {
	tick := make(chan time.Time, 1)
	tick <- time.Time{}
	cut := false
	while(t.Context(), tick, func(context.Context) error { return ErrLost }, func(ctx context.Context) {
		<-ctx.Done()
		cut = true
	})
	if !cut || t.Context().Err() != nil {
		t.Errorf("cut off %v, the caller %v", cut, t.Context().Err())
	}
}

func TestTheEndOfTheWorkEndsARenewalThatHangs(t *testing.T) {
	tick, hangs := make(chan time.Time), make(chan struct{})
	while(t.Context(), tick, func(ctx context.Context) error { close(hangs); <-ctx.Done(); return ctx.Err() }, func(context.Context) {
		tick <- time.Time{}
		<-hangs
	})
}
