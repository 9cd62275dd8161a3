package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/remediate"
)

// records are the findings and the ledger of a store that a command opens itself,
// and whom the configuration lets decide about them. It reaches Google and Slack for nothing but who
// is in a group, where groups may answer.
type records struct {
	config config.Config
	store  remediate.Store
	closer io.Closer
	lookup func(string) (string, bool) // environment variables, for the groups' sake
	log    *slog.Logger                // of what could not be taken down in the ledger
}

// openRecords opens the store that the configuration names.
func openRecords(path string) (records, error) {
	if path == "" {
		return records{}, usagef("--config is missing")
	}
	c, err := config.Load(path)
	if err != nil {
		return records{}, err
	}
	if strings.HasPrefix(c.Store, "memory:") {
		return records{}, errors.New("the store is memory:, which is in the process that serves and nowhere else")
	}
	st, closer, err := store.Open(c.Store)
	if err != nil {
		return records{}, err
	}
	return records{config: c, store: st, closer: closer, log: slog.New(slog.DiscardHandler)}, nil
}

// withRecords lends do the records that the configuration names.
func withRecords(path string, do func(records) error) error {
	r, err := openRecords(path)
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.closer.Close())
}

// toDecide is withRecords for a command that decides: it may look up who is in a
// group, and says on standard error what the ledger would not take.
func (f *flags) toDecide(env environment, path string, do func(records) error) error {
	return withRecords(path, func(r records) error {
		r.log, r.lookup = f.logger(env, slog.LevelInfo), env.lookup
		return do(r)
	})
}

// desk takes decisions. Nobody in this process works on what is decided.
func (r records) desk() remediate.Desk {
	return process.Desk(r.config, r.store, r.ledger(), r.lookup)
}

// caller is the principal who runs this command, as Google says it, in the
// configuration's spelling. There is no flag for it: a name one can type is a
// name one can borrow.
func (r records) caller(ctx context.Context) (string, error) {
	who, err := google.WhoAmI(ctx, r.config.Google.UserInfoURL)
	if err != nil {
		return "", fmt.Errorf("nothing was decided, as it cannot be told who you are: %w", err)
	}
	return r.config.Approvals.Spelled(who), nil
}

// ledger is the one in the store, to read.
func (r records) ledger() *remediate.Ledger { return remediate.NewLedger(r.store, time.Now, r.log) }
