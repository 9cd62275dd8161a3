package google

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/googleapis/gax-go/v2"

	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	firstPause = 250 * time.Millisecond
	longPause  = 5 * time.Second
	// operationTimeout bounds the wait for one operation. A revision that
	// cannot start keeps its operation running for minutes.
	operationTimeout = 3 * time.Minute
)

// operation is what Google's long-running operations have in common.
type operation[T any] interface {
	Name() string
	Done() bool
	Poll(context.Context, ...gax.CallOption) (T, error)
}

// await returns when the operation has ended: nil, or the error it ended with.
// When its end could not be seen (the deadline passed, or looking failed) the
// error matches errUnseen.
//
// Google's own Wait sleeps for up to a minute between two looks, and cannot be
// given a clock.
func await[T any](ctx context.Context, c *Client, op operation[T]) error {
	ctx, cancel := context.WithTimeout(ctx, operationTimeout)
	defer cancel()
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := poll(ctx, op)
		if op.Done() {
			return err
		}
		var busy *fault.BusyError
		if errors.As(err, &busy) { // a look that has to wait for its turn
			pause, err = max(pause, busy.After), nil
		}
		switch {
		case ctx.Err() != nil:
			err = ctx.Err()
		case err == nil && waited >= operationTimeout:
			err = context.DeadlineExceeded
		case err == nil:
			err = c.wait(ctx, pause)
		}
		if err != nil {
			return fmt.Errorf("operation %s: %w: %w", op.Name(), errUnseen, oneLine{err})
		}
		waited += pause
	}
}

func poll[T any](ctx context.Context, op operation[T]) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := op.Poll(ctx)
	return err
}

// rehearsal marks an error of a request that was to change nothing.
type rehearsal struct{ error }

func (r rehearsal) Unwrap() error { return r.error }

// rehearsed asks Google to check an update without making it (validate_only),
// makes it if that is taken, and waits for its end. Without it, what an
// organization policy or a missing permission has against an update would show
// only once part of it was under way.
// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/patch
func rehearsed[T any, O operation[T]](ctx context.Context, c *Client, update func(ctx context.Context, rehearse bool) (O, error)) error {
	op, err := update(ctx, true)
	if err == nil && op.Done() { // one that goes on has nothing to be looked at
		_, err = op.Poll(ctx)
	}
	if err != nil {
		return rehearsal{err}
	}
	if op, err = update(ctx, false); err != nil {
		return err
	}
	return await(ctx, c, op)
}
