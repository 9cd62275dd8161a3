package group

import (
	"context"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Plain shows one finding in a message of its own.
type Plain interface {
	// Notify shows f on every surface it belongs on and returns the surfaces as
	// they are now, also with an error. It may be called again with the same
	// finding.
	Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error)
}

// GroupNotifier is a Plain notifier that can show findings of one cause in one
// message.
type GroupNotifier interface {
	Plain
	// Channel is where the finding's message belongs; "" for nowhere.
	Channel(f finding.Finding) string
	// Ready returns a *BusyError if it is known that the group's channel takes
	// no message now, posted or rewritten: before anything is looked up for one.
	Ready(g Group) error
	// NotifyGroup shows a group of two or more on its surfaces, or on a new
	// one, and returns the surfaces as they are now, also with an error.
	// items are those of its findings that were looked up: all that had not
	// ended when they were last shown.
	NotifyGroup(ctx context.Context, g Group, items []finding.Finding) ([]finding.Surface, error)
}

// RoundupNotifier is a Notifier that can speak for many findings in one message.
type RoundupNotifier interface {
	GroupNotifier
	// EveryChannel lists what Channel may name.
	EveryChannel() []string
	// NotifyRoundup posts or rewrites the channel's roundup and returns where it
	// is now, also with an error. What it posts first holds no number, which it
	// could not take back if nobody came to store where it is.
	NotifyRoundup(ctx context.Context, d Roundup, s RoundupContent) (finding.Surface, error)
}

// A PlainPager reaches whoever is on call, once for each finding.
type PlainPager interface {
	// Name tells pagers apart.
	Name() string
	// Page tells of a finding that waits for an answer.
	Page(ctx context.Context, f finding.Finding) error
	// Resolve says that a finding that was told of has ended.
	Resolve(ctx context.Context, f finding.Finding) error
}

type announcer interface {
	Announce(ctx context.Context, text string, told []string) ([]string, error)
}

// Store is the part of a store that grouping needs.
type Store interface {
	finding.Store
	cells.Store
}
