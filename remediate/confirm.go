package remediate

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// EntryClient looks up log entries where Google keeps them.
type EntryClient interface {
	// Entry returns, as JSON, the log entry that the change came from: that of
	// its log, time and insertId. It returns an error matching ErrNotFound
	// where there is none, or none yet.
	Entry(ctx context.Context, c cloud.Change) ([]byte, error)
}

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
	if r.Entries == nil || k.Decision != judge.Revert || k.vanished {
		return k, nil
	}
	if k.unconfirmed = k.since().Add(r.Limits.Grace).After(k.now.At); k.unconfirmed { // it is looked up when that is over
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
	open, err := r.Store.Findings(ctx, finding.Query{Resource: k.change.Resource, Policy: k.Policy, States: []state.State{state.Waiting, state.Pending}})
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

// begun is when the finding was opened.
func (k judged) begun() time.Time {
	if k.seen.IsZero() {
		return k.now.At
	}
	return k.seen
}

// unconfirmed says why the entry does not bear out the change, or "", and
// whether it may do so later; failed where looking it up is what failed, in a way
// that may pass.
func (r *Remediator) unconfirmed(ctx context.Context, c cloud.Change) (why string, again, failed bool) {
	if c.InsertID == "" || c.LogName == "" {
		return "the entry cannot be looked up in Cloud Logging: it has no insertId or no log name", false, false
	}
	entry, err := r.Entries.Entry(ctx, c)
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
	if r.Entries == nil {
		return "", nil
	}
	why, _, failed := r.unconfirmed(ctx, f.Change)
	if failed && r.Now().Before(f.ExpiresAt.Add(finding.GiveUpAfter)) {
		return "", errors.New(why)
	}
	return why, nil
}

// otherwise says what the logged entry has other than the change, or "".
func (r *Remediator) otherwise(ctx context.Context, c, logged cloud.Change) string {
	for _, field := range []struct{ name, event, logged string }{
		{"insertId", c.InsertID, logged.InsertID},
		{"time", c.Time.UTC().Format(time.RFC3339Nano), logged.Time.UTC().Format(time.RFC3339Nano)},
		{"service", c.Service, logged.Service},
		{"method", c.Method, logged.Method},
		{"resource", c.Resource.String(), logged.Resource.String()},
		{"operation", c.Operation, logged.Operation},
	} {
		if field.event != field.logged {
			return fmt.Sprintf("%s %q, not %q", field.name, field.logged, field.event)
		}
	}
	// The half that has no actor is given that of the other half.
	if who := logged.Actor.Principal; who != "" && who != cloud.UnknownActor && who != c.Actor.Principal {
		return fmt.Sprintf("actor %q, not %q", who, c.Actor.Principal)
	}
	if c.HasDelta {
		for _, g := range c.Added() {
			if !slices.ContainsFunc(logged.Added(), func(o cloud.Grant) bool { return o == g || judge.SameGrant(o, g) }) || !logged.HasDelta {
				return fmt.Sprintf("no grant of %s", g)
			}
		}
	}
	if !r.ownLog(ctx, c) {
		return fmt.Sprintf("log %q, which is not that of %s", c.LogName, c.Resource)
	}
	return ""
}

// ownLog reports whether the change is in the log of the container it is in.
// Anybody may have a project, and a log in it.
func (r *Remediator) ownLog(ctx context.Context, c cloud.Change) bool {
	name, _, _ := strings.Cut(c.LogName, "/logs/")
	name, err := url.PathUnescape(name)
	log, ok := cloud.ParseContainer(name)
	own, known := container(c.Resource)
	switch {
	case err != nil || !ok || !known:
		return false
	case log == own:
		return true
	case log.Kind != cloud.Project || own.Kind != cloud.Project:
		return false
	}
	id, number := log.Name, own.Name
	if strings.Trim(id, "0123456789") == "" {
		id, number = number, id
	}
	f := r.Facts.Fact(ctx, policies.Question{Kind: policies.ProjectNumber, Project: id, Value: number})
	return f.Known && f.Value
}
