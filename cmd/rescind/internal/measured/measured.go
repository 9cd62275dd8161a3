// Package measured has what a process does counted. What is counted is seen from outside of
// it: each of these stands in front of a client or beside a sweep, and decides nothing.
package measured

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/telemetry"
)

// Options are what a process measures with.
type Options struct {
	Role   string
	Lookup func(string) (string, bool) // of the environment
	Now    func() time.Time
	Log    *slog.Logger
}

// flushWithin is how long sending what was counted may keep a sweep's answer back, or the
// end of the process: a collector that does not answer must not have either cut off.
const flushWithin = 2 * time.Second

// Start has what a process does counted where the environment asks for it, and the page
// for Prometheus served. The function it returns sends what is left and ends that, in two
// seconds at most.
func Start(ctx context.Context, o Options) (t *telemetry.Telemetry, end func(), err error) {
	t, err = telemetry.New(ctx, telemetry.Options{Lookup: o.Lookup, Role: o.Role, Version: build.Read().Version, Now: o.Now, Log: o.Log})
	if err != nil {
		return nil, nil, err
	}
	closed, at, err := t.ServePage(ctx)
	if err != nil {
		return nil, nil, err
	}
	if at != "" {
		o.Log.InfoContext(ctx, "Prometheus can read /metrics", "address", at)
	}
	if metrics, traces := t.Sends(); metrics || traces {
		o.Log.InfoContext(ctx, "sending by OTLP", "metrics", metrics, "traces", traces)
	}
	return t, func() {
		closed()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			o.Log.WarnContext(ctx, "what was counted last is not sent", "error", err.Error())
		}
	}, nil
}

// Flush sends what was counted, in two seconds at most: after an answer there may be no CPU
// for it.
func Flush(ctx context.Context, t *telemetry.Telemetry) {
	ctx, cancel := context.WithTimeout(ctx, flushWithin)
	defer cancel()
	t.Flush(ctx)
}

// Counting tells one more of a kind; also is nil where nobody else counts.
func Counting(also func(string), count func(string)) func(string) {
	return func(kind string) {
		count(kind)
		if also != nil {
			also(kind)
		}
	}
}

// Calls tells of calls to Google; nil where nobody counts.
func Calls(t *telemetry.Telemetry) func(google.Call) {
	if t == nil {
		return nil
	}
	return func(c google.Call) {
		kind := "read"
		if c.Write {
			kind = "write"
		}
		if !c.Sent {
			t.Limited(kind)
			return
		}
		t.Called(telemetry.Call{API: c.API(), Kind: kind, Code: codeOf(c.Err), Held: c.Held, Took: c.Took})
	}
}

// codeOf is the name of a code of gRPC. A server can answer any number.
func codeOf(err error) string {
	code := status.Code(err)
	if code > codes.Unauthenticated {
		code = codes.Unknown
	}
	return code.String()
}
