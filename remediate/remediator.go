package remediate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/remediate/alarm"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/claim"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/reverts"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Config is all that a Remediator needs. New refuses one that lacks something,
// naming everything that is missing.
type Config struct {
	// Facts answers what the policies of Judge ask, and is told of every change.
	Facts     FactsClient
	Judge     judge.Judge
	Store     Store
	IAM       PolicyClient
	Workloads WorkloadClient
	// Constraints reads and changes organization policies.
	Constraints ConstraintClient
	// Entries looks up the entry behind every change that has a finding; nil to
	// take events as they come.
	Entries EntryClient
	// Baseline is true where what workloads had is remembered, and read once by a
	// before.Baseline: nobody is blamed for it. Without, each entry is taken at its word.
	Baseline  bool
	Notifier  Notifier
	Scope     scope.Scope
	Authority authority.Authority
	Limits    Limits
	// Owed keeps what cannot be judged at once; Receive and JudgeOwed need it.
	Owed *owed.Queue
	// Ledger records what is no finding's state; nil for nothing.
	Ledger *trail.Ledger
	// Roots binds the heads of findings and of the ledger; nil for nothing.
	Roots *trail.Roots
	// Exporter takes the audit trail out of the store; nil for nowhere.
	Exporter Exporter
	// FallbackAfter is for how long people cannot be told of a finding before it
	// counts as undelivered, of which the Exporter is told where it is a Fallback;
	// zero for never.
	FallbackAfter time.Duration
	// Self is the principal rescind itself acts as, to recognise its own
	// changes when they come back as events.
	Self string
	// ExpiresIn is how long a question stays open; OnExpiry what happens then.
	ExpiresIn time.Duration
	OnExpiry  Expiry
	// OnCall is who is paged about a question that expires with
	// EscalateOnExpiry, that nobody answered within PageAfter (0: no such
	// page), or that people could not be told of.
	OnCall    []Pager
	PageAfter time.Duration
	// VerifyFor bounds how long a write is given to show.
	VerifyFor time.Duration

	Now   func() time.Time
	Wait  func(ctx context.Context, d time.Duration) error // sleeps, or returns ctx's error
	NewID func() string                                    // for changes that carry no identity
	Log   *slog.Logger
}

// Remediator takes findings through their life. It is safe for concurrent use,
// and several may share one store.
type Remediator struct {
	cfg      Config
	alarms   alarm.Alarms
	reverts  *reverts.Log
	exporter resting
	broken   fault.BrokenPath
	claims   claim.Claims
	// conditions is true where a policy asks for those that were taken away.
	conditions bool
	inForce    *before.InForce
	before     *before.Memory
}

// New checks the configuration and returns a Remediator.
func New(c Config) (*Remediator, error) {
	var errs []error
	need := func(name string, missing bool) {
		if missing {
			errs = append(errs, errors.New("remediate: "+name+" is missing"))
		}
	}
	need("Judge.Policies", c.Judge.Policies == nil)
	need("Facts", c.Facts == nil)
	need("Store", c.Store == nil)
	need("IAM", c.IAM == nil)
	need("Workloads", c.Workloads == nil)
	need("Constraints", c.Constraints == nil)
	need("Notifier", c.Notifier == nil)
	need("Self", c.Self == "")
	need("Now", c.Now == nil)
	need("Wait", c.Wait == nil)
	need("NewID", c.NewID == nil)
	need("Log", c.Log == nil)
	need("ExpiresIn", c.ExpiresIn <= 0)
	need("VerifyFor", c.VerifyFor <= 0)
	if c.OnExpiry != LeaveOnExpiry && c.OnExpiry != RevertOnExpiry && c.OnExpiry != EscalateOnExpiry {
		errs = append(errs, fmt.Errorf("remediate: OnExpiry is %q, want %q, %q or %q", c.OnExpiry, LeaveOnExpiry, RevertOnExpiry, EscalateOnExpiry))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	held := &before.InForce{}
	c.Facts = attentive{c.Facts, held}
	c.Judge.Facts = c.Facts
	c.Workloads = servedWorkloads{c.Workloads, c.Store, c.Now, c.Log}
	return &Remediator{cfg: c, alarms: c.newAlarms(), reverts: reverts.NewLog(c.Store, c.Now), claims: claim.Claims{Findings: c.Store, Now: c.Now, Wait: c.Wait}, conditions: asksForConditions(c.Judge.Policies), inForce: held, before: before.New(c.Store)}, nil
}

func (c Config) newAlarms() alarm.Alarms {
	a := alarm.Config{Store: c.Store, Ledger: c.Ledger, Now: c.Now, Log: c.Log}
	if n, ok := c.Notifier.(Announcer); ok {
		a.Announce = n.Announce
	}
	return alarm.New(a)
}

// asksForConditions reports whether any loaded policy asks whether a condition was removed.
func asksForConditions(p judge.Policies) bool {
	set, ok := p.(interface{ Asks(field string) bool })
	return ok && set.Asks("conditionRemoved")
}
