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

// office is what the commands that work on a store have: the store, and whom
// the configuration lets decide. It reaches Google and Slack for nothing but who
// is in a group, where groups may answer.
type office struct {
	config config.Config
	store  remediate.Store
	closer io.Closer
	lookup func(string) (string, bool) // environment variables, for the groups' sake
	log    *slog.Logger                // of what could not be taken down in the ledger
}

// openOffice opens the store that the configuration names.
func openOffice(path string) (office, error) {
	if path == "" {
		return office{}, usagef("--config is missing")
	}
	c, err := config.Load(path)
	if err != nil {
		return office{}, err
	}
	if strings.HasPrefix(c.Store, "memory:") {
		return office{}, errors.New("the store is memory:, which is in the process that serves and nowhere else")
	}
	st, closer, err := store.Open(c.Store)
	if err != nil {
		return office{}, err
	}
	return office{config: c, store: st, closer: closer, log: quiet()}, nil
}

// in runs do with the office that the configuration makes, and closes it.
func in(path string, do func(office) error) error {
	o, err := openOffice(path)
	if err != nil {
		return err
	}
	return errors.Join(do(o), o.closer.Close())
}

// desk takes decisions. Nobody in this process works on what is decided.
func (o office) desk() remediate.Desk {
	return process.Desk(o.config, o.store, o.ledger(), o.lookup)
}

// caller is the principal who runs this command, as Google says it, in the
// configuration's spelling. There is no flag for it: a name one can type is a
// name one can borrow.
func (o office) caller(ctx context.Context) (string, error) {
	who, err := google.WhoAmI(ctx, o.config.Google.UserInfoURL)
	if err != nil {
		return "", fmt.Errorf("nothing was decided, as it cannot be told who you are: %w", err)
	}
	return o.config.Approvals.Spelled(who), nil
}

// ledger is the one in the store, to read.
func (o office) ledger() *remediate.Ledger { return remediate.NewLedger(o.store, time.Now, o.log) }

// quiet is the log of an office that has nobody to tell yet.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
