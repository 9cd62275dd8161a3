package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	// entryWait is how long Cloud Logging is given to show an entry that
	// Pub/Sub has brought already; entryLook how often it is asked.
	entryWait = 2 * time.Minute
	entryLook = 15 * time.Second
)

// confirmed looks up the entry behind a revert that nobody is asked about. The
// topic carries what its publishers put there, and a forged event about a grant
// that was there for years would have it reverted. What is not found, or not as
// the event says, becomes a question; what may yet show is waited for.
func (r *Remediator) confirmed(ctx context.Context, k judged) (judged, error) {
	if r.cfg.Entries == nil || k.Decision != judge.Revert || k.vanished {
		return k, nil
	}
	if k.unconfirmed = k.since().Add(r.cfg.Limits.Grace).After(k.now.At); k.unconfirmed { // it is looked up when that is over
		return k, nil
	}
	why, again, _ := r.unconfirmed(ctx, k.change)
	k.unconfirmed = why != ""
	switch {
	case why == "":
		return k, r.supersedeForged(ctx, k)
	case again && k.now.At.Before(k.begun().Add(entryWait)):
		k.awaited = why
	default:
		k.Lower(judge.Ask, why)
	}
	return k, nil
}

// supersedeForged ends the questions about the same that began with events which
// may be forged: they must not keep the policy from reverting a true one.
func (r *Remediator) supersedeForged(ctx context.Context, k judged) error {
	open, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: k.change.Resource, Policy: k.Policy, States: []state.State{state.Waiting, state.Pending}})
	if err != nil {
		return fmt.Errorf("look up open findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range open {
		if !f.Unconfirmed || f.Change.ID == k.change.ID || f.Plan.Digest != k.Plan.Digest {
			continue
		}
		f, err := r.update(ctx, f.Superseded(state.ByEvent, k.now.At, "another event told of the change, its entry is in Cloud Logging, and the policy reverts it"))
		if err != nil {
			return err
		}
		r.work(ctx, f)
	}
	return nil
}

// unconfirmed says why the entry does not bear out the change, or "", and
// whether it may do so later; failed where looking it up is what failed, in a way
// that may pass.
func (r *Remediator) unconfirmed(ctx context.Context, c cloud.Change) (why string, again, failed bool) {
	if c.InsertID == "" || c.LogName == "" {
		return "the entry cannot be looked up in Cloud Logging: it has no insertId or no log name", false, false
	}
	entry, err := r.cfg.Entries.Entry(ctx, c)
	var denied *fault.PermissionError
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return "Cloud Logging has no such entry: the event may be forged", true, false
	case errors.As(err, &denied), errors.Is(err, fault.ErrRefused):
		return notLookedUp + err.Error(), false, false
	case err != nil:
		return notLookedUp + err.Error(), true, true
	}
	logged, err := auditlog.Decode(entry)
	if err != nil {
		return "Cloud Logging has another entry in its place, so the event may be forged: " + err.Error(), false, false
	}
	if what := r.otherwise(ctx, c, logged); what != "" {
		return "Cloud Logging has the entry with " + what + ": the event may be forged", false, false
	}
	return "", false, false
}

const notLookedUp = "the entry could not be looked up in Cloud Logging: "

// unconfirmedOnExpiry says why the entry does not bear out the finding whose question
// expired, where that is asked for. An error says that it is to be looked up once
// more: one call that fails must not decide what becomes of it.
func (r *Remediator) unconfirmedOnExpiry(ctx context.Context, f finding.Finding) (string, error) {
	if r.cfg.Entries == nil {
		return "", nil
	}
	why, _, failed := r.unconfirmed(ctx, f.Change)
	if failed && r.cfg.Now().Before(f.ExpiresAt.Add(finding.GiveUpAfter)) {
		return "", errors.New(why)
	}
	return why, nil
}
