package replay

import (
	"context"
	"io"
)

// untilDone reads until the context is done, also while nothing comes: standard input may
// be somebody's keyboard, or a program that waits. What comes after that is lost.
type untilDone struct {
	ctx  context.Context //nolint:containedctx // a Reader has no other way to it
	from io.Reader
	came chan came
	buf  []byte
	rest []byte
	err  error
}

type came struct {
	n   int
	err error
}

func newUntilDone(ctx context.Context, from io.Reader) *untilDone {
	return &untilDone{ctx: ctx, from: from, came: make(chan came, 1), buf: make([]byte, 64<<10)}
}

// Read implements io.Reader.
func (u *untilDone) Read(p []byte) (int, error) {
	if len(u.rest) == 0 && u.err == nil {
		go func() {
			n, err := u.from.Read(u.buf)
			u.came <- came{n, err}
		}()
		select {
		case c := <-u.came:
			u.rest, u.err = u.buf[:c.n], c.err
		case <-u.ctx.Done():
			u.err = u.ctx.Err()
		}
	}
	n := copy(p, u.rest)
	if u.rest = u.rest[n:]; n > 0 {
		return n, nil
	}
	return 0, u.err
}
