package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func TestWhatARateHeldBackWasCertainlyNotWritten(t *testing.T) {
	busy := fmt.Errorf("set policy: %w", &fault.BusyError{Where: "20 writes a minute in projects/p", After: 90 * time.Second})
	if !errors.Is(busy, fault.ErrUnwritten) {
		t.Error("a request that was never sent may have been written")
	}
	for _, other := range []error{fault.ErrExists, fault.ErrNotFound, fault.ErrConflict, fault.ErrRefused, fault.ErrBroken} {
		if errors.Is(busy, other) {
			t.Errorf("what waits for its turn is %v", other)
		}
	}
	if got := errors.Unwrap(busy).Error(); got != "held back by the limit of 20 writes a minute in projects/p; next turn in 1m30s" {
		t.Errorf("it says %q", got)
	}
}

func TestTheNextTurnIsThatOfWhatARateHeldBack(t *testing.T) {
	busy := &fault.BusyError{Where: "reads", After: time.Minute}
	for _, tt := range []struct {
		name    string
		err     error
		after   time.Duration
		limited bool
	}{
		{"no error", nil, 0, false},
		{"any other error", errors.New("no route to host"), 0, false},
		{"what was not written for another reason", fault.ErrUnwritten, 0, false},
		{"a rate", busy, time.Minute, true},
		{"a rate, further down", fmt.Errorf("scan: %w", errors.Join(errors.New("first"), busy)), time.Minute, true},
		{"a rate that is free at once", &fault.BusyError{}, 0, true},
	} {
		if after, limited := fault.NextTurn(tt.err); after != tt.after || limited != tt.limited {
			t.Errorf("%s: %s, %t; want %s, %t", tt.name, after, limited, tt.after, tt.limited)
		}
	}
}

// attempts counts what InTurn does, and how long it waits in all.
type attempts struct {
	done   int
	waited time.Duration
}

func (a *attempts) wait(ctx context.Context, d time.Duration) error {
	a.waited += d
	return ctx.Err()
}

func (a *attempts) busyFor(n int, then error) func() error {
	return func() error {
		if a.done++; a.done <= n {
			return &fault.BusyError{Where: "reads", After: time.Second}
		}
		return then
	}
}

func TestInItsTurnIsAfterEveryRateAndNoOftenerThanTwentyTimes(t *testing.T) {
	struck := errors.New("struck")
	for _, tt := range []struct {
		name         string
		busy         int
		then         error
		done         int
		waited       time.Duration
		limited, err bool
	}{
		{"at once", 0, nil, 1, 0, false, false},
		{"after three rates", 3, nil, 4, 3 * time.Second, false, false},
		{"an error that is no rate is not tried again", 0, struck, 1, 0, false, true},
		{"nor after a rate", 2, struck, 3, 2 * time.Second, false, true},
		{"a rate for ever", 1000, nil, 20, 19 * time.Second, true, true},
	} {
		a := &attempts{}
		err := fault.InTurn(t.Context(), a.wait, a.busyFor(tt.busy, tt.then))
		if a.done != tt.done || a.waited != tt.waited {
			t.Errorf("%s: done %d times in %s, want %d in %s", tt.name, a.done, a.waited, tt.done, tt.waited)
		}
		if _, limited := fault.NextTurn(err); limited != tt.limited || (err != nil) != tt.err {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestWhoeverIsToldToStopDoesNotWaitForAnotherTurn(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	a := &attempts{}
	if err := fault.InTurn(ctx, a.wait, a.busyFor(5, nil)); !errors.Is(err, context.Canceled) || a.done != 1 {
		t.Errorf("done %d times: %v", a.done, err)
	}
}

func TestAMissingPermissionIsNamedWhereGoogleNamedIt(t *testing.T) {
	denied := errors.New("denied")
	at := cloud.ProjectResource("pay-prod")
	named := &fault.PermissionError{Permission: "run.services.update", Resource: at, Err: denied}
	if got, want := named.Error(), "permission run.services.update missing on "+at.String(); got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	unnamed := &fault.PermissionError{Resource: at, Err: denied}
	if got, want := unnamed.Error(), "permission denied on "+at.String()+": denied"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if !errors.Is(named, denied) {
		t.Error("what Google said cannot be found in it")
	}
}
