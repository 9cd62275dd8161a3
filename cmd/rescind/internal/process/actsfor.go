package process

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
)

// warnOfAccounts logs of which service accounts nobody is left to let anything stand, as
// far as the configuration alone tells.
func (a *App) warnOfAccounts(ctx context.Context, c config.Config) {
	if w := c.Approvals.UnknownAuthorAlarm(); w != "" {
		a.log.WarnContext(ctx, "approvers", "warning", w)
	}
	for _, account := range slices.Sorted(maps.Keys(a.authority.ActsFor)) {
		w := c.Approvals.ActsForAlarm(account)
		if w == "" && a.authority.ActsFor[account].Group == "" {
			w = a.authority.LeavesNobody(ctx, account)
		}
		if w != "" {
			a.warnOfAccount(ctx, account, w)
		}
	}
}

const (
	// groupsWithin bounds how long groups are asked at the start, and startsWithin how
	// long the start waits for that: it must not hang on a directory.
	groupsWithin = time.Minute
	startsWithin = 2 * time.Second
)

// warnOfGroups does so where a group has to be asked, and returns what is left of that
// after two seconds.
func (a *App) warnOfGroups(ctx context.Context) (rest func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.askGroups(ctx)
	}()
	waiting, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	select {
	case <-done:
	case <-waiting.Done():
	}
	return func() { <-done }
}

func (a *App) askGroups(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, groupsWithin)
	defer cancel()
	for _, account := range slices.Sorted(maps.Keys(a.authority.ActsFor)) {
		if a.authority.ActsFor[account].Group == "" {
			continue
		}
		if w := a.authority.LeavesNobody(asking, account); w != "" && ctx.Err() == nil {
			a.warnOfAccount(ctx, account, w)
		}
	}
}

func (a *App) warnOfAccount(ctx context.Context, account, warning string) {
	a.log.WarnContext(ctx, "approvals.acts_for", "account", account, "warning", warning)
}
