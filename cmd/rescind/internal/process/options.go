package process

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/telemetry"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// Options are what a process takes from where it runs. Lookup, Now, Wait and Log
// are needed by each; Wait may be nil for one that people reach.
type Options struct {
	Role   Role
	Lookup func(string) (string, bool)
	Now    func() time.Time
	Wait   func(ctx context.Context, d time.Duration) error
	Dial   []grpc.DialOption                                // added to every connection to Google Cloud
	Rushed bool                                             // Slack takes more than a message a second: it is simulated, and somebody watches
	Notes  string                                           // prefix of Slack response URLs; empty for Slack's own
	Saw    func(change cloud.Change, out remediate.Outcome) // nil: nobody watches
	Count  func(kind string)                                // told the kind of every message; nil: nobody counts
	// Telemetry counts what the process does; nil: nobody reads it.
	Telemetry *telemetry.Telemetry
	Store     remediate.Store // nil: the one that the configuration names
	Courier   desk.Courier    // nil: the topic that the configuration names
	Log       *slog.Logger
}

func (o Options) check() error {
	if o.Lookup == nil || o.Now == nil || o.Log == nil {
		return errors.New("process: Lookup, Now and Log have to be set")
	}
	return nil
}

func (o Options) measuring() measured.Options {
	return measured.Options{Role: string(o.Role), Lookup: o.Lookup, Now: o.Now, Log: o.Log}
}

// Wait sleeps for d, or until ctx ends.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
