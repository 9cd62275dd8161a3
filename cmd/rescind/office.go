package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/remediate"
)

// office is what the commands that work on a store have: the store, and whom
// the configuration lets decide. It reaches Google and Slack for nothing but who
// is in a group, where groups may answer.
type office struct {
	config config
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
	c, err := loadConfig(path)
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
	return deskAlone(o.config, o.store, o.ledger(), o.lookup)
}

// deskAlone takes decisions where nobody works on what is decided: what it
// records is due at once, for a process that serves. It reaches Google and Slack
// for nothing but who is in a group, where groups may answer.
func deskAlone(c config, st remediate.Store, ledger *remediate.Ledger, lookup func(string) (string, bool)) remediate.Desk {
	return remediate.Desk{
		Store: st, Authority: lookedUp(c.Approvals.authority(), groups(c, lookup)), ExpiresIn: time.Duration(c.Approvals.ExpiresIn),
		Now: time.Now, HandOver: true, Ledger: ledger, OnCall: pagerNames(c),
	}
}

// groups are those of the configuration. What cannot be asked from here is a
// failed look-up, not a reason to go on without it.
func groups(c config, lookup func(string) (string, bool)) remediate.Directory {
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	who, err := people(c, lookup)
	if err != nil && len(c.Approvals.Approvers.SlackUsergroups) == 0 {
		who, err = nil, nil // Slack is not asked
	}
	var d remediate.Directory
	if err == nil {
		d, err = directory(context.Background(), c, who, time.Now)
	}
	if err != nil {
		return outOfReach{err}
	}
	return d
}

// caller is the principal who runs this command, as Google says it, in the
// configuration's spelling. There is no flag for it: a name one can type is a
// name one can borrow.
func (o office) caller(ctx context.Context) (string, error) {
	who, err := google.WhoAmI(ctx, o.config.Google.UserInfoURL)
	if err != nil {
		return "", fmt.Errorf("nothing was decided, as it cannot be told who you are: %w", err)
	}
	return o.config.Approvals.spelled(who), nil
}
