package remediate_test

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/scan"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/group"
)

// setup is what an engine is made of: the plain Notifier and pagers, over which
// it groups.
type setup struct {
	remediate.Config
	Notifier     group.Plain
	OnCall       []group.PlainPager
	RoundupAbove int
	// Inventory is what scans go through, each ScanEvery; nil for no scans.
	Inventory scan.Inventory
	ScanEvery time.Duration
}

// engine is one process: a Remediator, and what it was made of.
type engine struct {
	*remediate.Remediator
	setup
	scanner *scan.Scanner // nil without an Inventory
	t       *testing.T
}

func newEngine(t *testing.T, s setup) *engine {
	t.Helper()
	e := &engine{setup: s, t: t}
	e.change(func(*setup) {})
	return e
}

// change starts the process anew with something else about it.
func (e *engine) change(by func(*setup)) {
	e.t.Helper()
	by(&e.setup)
	c := e.Config
	n, err := group.NewNotifier(group.Config{
		Plain: e.Notifier, Store: c.Store, RoundupAbove: e.RoundupAbove, FallbackAfter: c.FallbackAfter, Now: c.Now, Log: c.Log,
	})
	if err != nil {
		e.t.Fatal(err)
	}
	c.Notifier, c.OnCall = n, nil
	for _, p := range e.OnCall {
		c.OnCall = append(c.OnCall, group.NewPager(p, c.Store, c.Now))
	}
	if e.Remediator, err = remediate.New(c); err != nil {
		e.t.Fatal(err)
	}
	if e.Inventory == nil {
		return
	}
	if e.scanner, err = scan.New(scan.Config{
		Resources: e.Remediator, Inventory: e.Inventory, Store: c.Store, Scope: c.Scope, Every: e.ScanEvery,
		Now: c.Now, Wait: c.Wait, NewID: c.NewID, Log: c.Log,
	}); err != nil {
		e.t.Fatal(err)
	}
}
