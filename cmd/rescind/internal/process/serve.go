package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

// Serve answers requests on l and works off what is owed, until ctx ends. It
// returns when requests in flight are finished, or cut off after drainFor.
func (a *App) Serve(ctx context.Context, l net.Listener, every time.Duration) error {
	work, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.work(work, every) })
	running.Go(func() { a.judging(work, every) })
	running.Go(func() { a.scanAlong(work, every) })
	running.Go(func() { a.readAlong(work, every) })
	running.Go(func() { a.runErrands(work) })
	running.Go(a.warnOfGroups(work))
	if a.socket != nil {
		running.Go(func() { a.socket.Run(work) })
	}
	err := listenUntil(ctx, l, a.routes, a.log)
	stop()
	running.Wait()
	return err
}

// drainFor is how long requests in flight have to finish. Cloud Run kills a process ten
// seconds after it told it to stop; two are left for what is counted, and two for a machine
// that is slow.
// https://cloud.google.com/run/docs/container-contract#instance-shutdown
const drainFor = 6 * time.Second

// listenUntil serves the routes on l until ctx ends.
func listenUntil(ctx context.Context, l net.Listener, routes http.Handler, log *slog.Logger) error {
	server := functions.NewServer("", routes)
	server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	log.InfoContext(ctx, "listening", "address", l.Addr().String())
	// At once, and not only when all has ended: who waits too long is killed.
	said := make(chan struct{})
	unsaid := context.AfterFunc(ctx, func() {
		log.InfoContext(ctx, "stopping", "why", context.Cause(ctx).Error())
		close(said)
	})
	err := ServeUntil(ctx, server, functions.Bound(l, server), drainFor)
	if !unsaid() {
		<-said
	}
	return err
}

// ServeUntil serves on l until ctx ends. Requests in flight are then finished,
// or cut off after grace.
func ServeUntil(ctx context.Context, s *http.Server, l net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := s.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("wait for requests in flight: %w", err), s.Close())
	}
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}
