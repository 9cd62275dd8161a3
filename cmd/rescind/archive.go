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
	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// archive is the findings and the ledger of a store that a command opens itself,
// and whom the configuration lets decide about them. It reaches Google and Slack for nothing but who
// is in a group, where groups may answer.
type archive struct {
	config config.Config
	store  remediate.Store
	closer io.Closer
	lookup func(string) (string, bool) // environment variables, for the groups' sake
	log    *slog.Logger                // of what could not be taken down in the ledger
}

// openArchive opens the store that the configuration names.
func openArchive(path string) (archive, error) {
	if path == "" {
		return archive{}, usagef("--config is missing")
	}
	c, err := config.Load(path)
	if err != nil {
		return archive{}, err
	}
	if strings.HasPrefix(c.Store, "memory:") {
		return archive{}, errors.New("the store is memory:, which is in the process that serves and nowhere else")
	}
	st, closer, err := store.Open(c.Store)
	if err != nil {
		return archive{}, err
	}
	return archive{config: c, store: st, closer: closer, log: slog.New(slog.DiscardHandler)}, nil
}

// withArchive lends do the archive that the configuration names.
func withArchive(path string, do func(archive) error) error {
	arc, err := openArchive(path)
	if err != nil {
		return err
	}
	return errors.Join(do(arc), arc.closer.Close())
}

// toDecide is withArchive for a command that decides: it may look up who is in a
// group, and says on standard error what the ledger would not take.
func (f *flags) toDecide(ctx context.Context, env environment, path string, do func(archive) error) error {
	return withArchive(path, func(arc archive) error {
		arc.log, arc.lookup = f.logger(env, slog.LevelInfo), env.lookup
		if err := arc.roots().Begin(ctx); err != nil {
			return err
		}
		return do(arc)
	})
}

// desk takes decisions. Nobody in this process works on what is decided.
func (arc archive) desk() desk.Desk {
	return process.Desk(arc.config, arc.store, arc.ledger(), arc.lookup)
}

// caller is the principal who runs this command, as Google says it, in the
// configuration's spelling. There is no flag for it: a name one can type is a
// name one can borrow.
func (arc archive) caller(ctx context.Context) (string, error) {
	who, err := caller.WhoAmI(ctx, arc.config.Google.UserInfoURL)
	if err != nil {
		return "", fmt.Errorf("nothing was decided, as it cannot be told who you are: %w", err)
	}
	return arc.config.Approvals.Spelled(who), nil
}

// ledger is the one in the store, to read.
func (arc archive) ledger() *trail.Ledger { return trail.NewLedger(arc.store, time.Now, arc.log) }

// roots are those in the store, to read.
func (arc archive) roots() *trail.Roots { return trail.NewRoots(arc.store, arc.ledger(), time.Now) }
