package process

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/scan"

	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
)

// App is a rescind that judges, decides and changes things, put together: alone or
// as the worker behind what people reach.
type App struct {
	*remediate.Remediator
	opts      Options
	store     remediate.Store
	ledger    *trail.Ledger
	roots     *trail.Roots
	scanner   *scan.Scanner
	baseline  *baseline
	policies  *policies.Set
	authority authority.Authority
	google    *google.Client
	routes    http.Handler
	people    *slack.People // nil without Slack
	owed      *owed.Queue
	unworked  chan string // findings whose answers left something to do
	errands   chan func(context.Context)
	due       chan time.Duration // when the sweep is wanted before its tick
	socket    *slack.Socket      // nil: Slack posts
	closers   []io.Closer
	log       *slog.Logger
}

// NewApp puts a process that serves together from its configuration. What it
// opened is closed by App.Close, also when NewApp fails half way.
func NewApp(ctx context.Context, c config.Config, o Options) (*App, error) {
	a, err := NewWithoutRoutes(ctx, c, o)
	if err != nil {
		return nil, err
	}
	if err := usable(ctx, a.store, c); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if a.routes, err = a.newRoutes(c, o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	a.routes = o.Telemetry.Receiving(a.routes)
	return a, nil
}

// storeWithin is how long a store may take to answer at the start.
const storeWithin = 5 * time.Second

// usable returns an error where the store is known to be of no use: a process that
// starts all the same answers every event 503, and looks alive.
func usable(ctx context.Context, s remediate.Store, c config.Config) error {
	u, ok := s.(interface {
		Usable(ctx context.Context, account string) error
	})
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeWithin)
	defer cancel()
	return u.Usable(ctx, c.Identity)
}

// NewWithoutRoutes is NewApp without what it serves, for a command that scans or
// sweeps.
func NewWithoutRoutes(ctx context.Context, c config.Config, o Options) (_ *App, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a := &App{opts: o, unworked: make(chan string, 64), errands: make(chan func(context.Context), 64), due: make(chan time.Duration, 1), log: o.Log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.policies, err = config.LoadPolicies(c.Policies); err != nil {
		return nil, err
	}
	st := o.Store
	if st == nil {
		opened, closer, err := store.Open(c.Store)
		if err != nil {
			return nil, err
		}
		st = opened
		a.closers = append(a.closers, closer)
	}
	if a.google, err = google.New(ctx, googleOptions(c, o, st)); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.google)
	if a.people, err = people(c, o.Lookup); err != nil {
		return nil, err
	}
	groups, err := newDirectories(ctx, c, a.people, o.Now)
	if err != nil {
		return nil, err
	}
	plain, err := newNotifier(c, o, st, groups)
	if err != nil {
		return nil, err
	}
	notifier, err := newGroups(c, o, st, plain)
	if err != nil {
		return nil, err
	}
	rc := remediateConfig(c, o, a.policies, st, a.google, notifier, groups)
	if rc.Exporter, err = a.newExporter(ctx, c, o); err != nil {
		return nil, err
	}
	if rc.Owed, err = newOwed(c, o, st); err != nil {
		return nil, err
	}
	if rc.OnCall, err = newOnCall(c, o, st, plain); err != nil {
		return nil, err
	}
	rc.OnCall = measured.Pagers(rc.OnCall, o.Telemetry)
	a.store, a.ledger, a.roots, a.authority, a.owed = st, rc.Ledger, rc.Roots, rc.Authority, rc.Owed
	if a.Remediator, err = remediate.New(rc); err != nil {
		return nil, err
	}
	a.baseline = newBaseline(c, o, st, a.google, a.Remediator)
	if a.scanner, err = newScanner(c, o, st, a.google, a.Remediator); err != nil {
		return nil, err
	}
	return a, nil
}

// Store is where the process keeps what it knows.
func (a *App) Store() remediate.Store { return a.store }

// Ledger is the audit trail of what is no finding's state.
func (a *App) Ledger() *trail.Ledger { return a.ledger }

// Scanner walks over what is live.
func (a *App) Scanner() *scan.Scanner { return a.scanner }

// Handler is what the process serves; nil where it serves nothing.
func (a *App) Handler() http.Handler { return a.routes }

// Close releases what NewApp opened, last first.
func (a *App) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i].Close())
	}
	return errors.Join(errs...)
}
