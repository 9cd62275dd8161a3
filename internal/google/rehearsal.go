package google

import "context"

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
