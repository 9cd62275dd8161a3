package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

const foundByScan = "found by a scan of live state: no event told of it; what is there is judged as if it had just been made"

// MayBeInScope reports whether the resource is in scope, or may be.
func (r *Remediator) MayBeInScope(ctx context.Context, res cloud.Resource) bool {
	in, _ := r.cfg.Scope.Membership(ctx, r.cfg.Facts, res)
	return in != scope.Out
}

// Scan judges what is live of a workload or container, as if it had just been
// made, and asks about it at most: nobody knows who made it, nor when. What has
// a finding that is open, or that people settled and nobody changed since, is
// not raised again; the outcome has it among the known. Open findings that live
// state shows to be fixed end as superseded. Live state that cannot be read is
// an error: there is nothing else to judge.
//
// What a rate holds back is an error matching *fault.BusyError; see fault.InTurn.
func (r *Remediator) Scan(ctx context.Context, res cloud.Resource) (out Outcome, err error) {
	ctx, open := noting(ctx)
	in, unsure := r.cfg.Scope.Membership(ctx, r.cfg.Facts, res)
	if in == scope.Out {
		return Outcome{Kind: OutOfScope}, nil
	}
	if err := open.err(); err != nil {
		return Outcome{}, fmt.Errorf("scan %s: %w", res, err)
	}
	for range conflictTries { // another process may be at the same findings
		if out, err = r.scanOnce(ctx, res, unsure); !errors.Is(err, fault.ErrConflict) {
			break
		}
	}
	return out, err
}

func (r *Remediator) scanOnce(ctx context.Context, res cloud.Resource, unsure string) (Outcome, error) {
	now, listed, err := r.look(ctx, res)
	if err == nil && listed {
		if r.fine(ctx, res, now) {
			return Outcome{Kind: Compliant}, r.sight(ctx, now)
		}
		now, err = r.anew(ctx, res, now)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("scan %s: %w", res, err)
	}
	if err := errors.Join(r.sight(ctx, now), r.remember(ctx, res, now)); err != nil {
		return Outcome{}, err
	}
	fixed, err := r.supersedeFixed(ctx, res, now)
	if err != nil {
		return Outcome{}, err
	}
	for _, f := range fixed {
		r.work(ctx, f)
	}
	return r.scan(ctx, now.Changes(res), now, unsure)
}

// Look reads all of a workload or container that policies judge, for the baseline: one that
// is gone is no error.
func (r *Remediator) Look(ctx context.Context, res cloud.Resource) (judge.Snapshot, error) {
	now, _, err := r.look(ctx, res)
	return now, err
}

// look reads all of a resource that policies judge. A workload is taken as the list
// showed it that the scan goes through, where it did.
func (r *Remediator) look(ctx context.Context, res cloud.Resource) (s judge.Snapshot, listed bool, err error) {
	s.At = r.cfg.Now()
	var errs []error
	if res.Kind.Workload() {
		w, ok, err := r.cfg.Workloads.Listed(ctx, res)
		if listed = ok && err == nil; !listed {
			w, err = r.cfg.Workloads.Workload(ctx, res)
		}
		s.Workload, errs = &w, append(errs, err)
	}
	p, err := r.cfg.IAM.Policy(ctx, res)
	if !errors.Is(err, errors.ErrUnsupported) { // nobody can read it
		s.Policy, errs = &p, append(errs, err)
	}
	s.Done = r.cfg.Now()
	s, err = unlessGone(s, errors.Join(errs...))
	return s, listed && !s.Gone, err
}

func unlessGone(s judge.Snapshot, err error) (judge.Snapshot, error) {
	if errors.Is(err, fault.ErrNotFound) { // deleted since it was listed
		return judge.Snapshot{At: s.At, Gone: true}, nil
	}
	return s, err
}

// fine reports whether nothing violates, and no finding could be told of it. A list is
// of a moment ago, and says neither that a violation stands nor that one ended.
func (r *Remediator) fine(ctx context.Context, res cloud.Resource, now judge.Snapshot) bool {
	for _, c := range now.Changes(res) {
		if len(r.cfg.Judge.Judge(ctx, c, now)) > 0 {
			return false
		}
	}
	known, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: res, States: slices.Concat(state.Open(), finding.SettledStates()), Limit: 1})
	return err == nil && len(known) == 0
}

// anew is what was looked at with the workload as it is now.
func (r *Remediator) anew(ctx context.Context, res cloud.Resource, s judge.Snapshot) (judge.Snapshot, error) {
	s.At = r.cfg.Now()
	w, err := r.cfg.Workloads.Workload(ctx, res)
	s.Workload, s.Done = &w, r.cfg.Now()
	return unlessGone(s, err)
}

// sight remembers which accounts the workload runs as.
func (r *Remediator) sight(ctx context.Context, now judge.Snapshot) error {
	w := now.Workload
	if w == nil {
		return nil
	}
	ids := []cloud.Identity{w.Identity}
	for _, s := range w.Shares { // also what an older revision runs as
		if s.Revision != "" && !slices.Contains(ids, s.Identity) {
			ids = append(ids, s.Identity)
		}
	}
	for _, id := range ids {
		if id.Knowledge != cloud.Known {
			continue
		}
		if err := r.cfg.Store.LearnIdentity(ctx, Sighting{Email: id.Email, Workload: w.Resource, At: now.At}); err != nil {
			return fmt.Errorf("remember runtime identity %s: %w", id.Email, err)
		}
	}
	return nil
}

func (r *Remediator) scan(ctx context.Context, made []cloud.Change, now judge.Snapshot, unsure string) (Outcome, error) {
	out := Outcome{Kind: Compliant}
	ctx, open := noting(ctx)
	for _, c := range made {
		for _, g := range r.cfg.Judge.Judge(ctx, c, now) {
			// Nothing to ask, and nothing new to say: what groups have held for long is not
			// raised for want of knowing who is in them.
			if g.Verdict == policies.Exempt || g.OfUnreadGroups() {
				continue
			}
			if err := r.raise(ctx, scannedOf(g, c, now, unsure), unsure, open, &out); err != nil {
				return Outcome{}, err
			}
		}
	}
	if err := open.err(); err != nil { // what was left out as unknown is unknown for now
		return Outcome{}, fmt.Errorf("scan: %w", err)
	}
	switch {
	case len(out.Findings) > 0:
		out.Kind = Found
	case len(out.Known) > 0:
		out.Kind = Settled
	}
	return out, nil
}

// raise stores and tells what no finding from before speaks for.
func (r *Remediator) raise(ctx context.Context, k judged, unsure string, open *openQuestions, out *Outcome) error {
	before, err := r.history(ctx, k.change.Resource, k.Policy)
	if err != nil {
		return err
	}
	k, by, err := r.withoutLeftBehind(ctx, k)
	switch {
	case err != nil:
		return err
	case by.ID != "":
		out.Known = append(out.Known, by)
		if k.Verdict == policies.Exempt {
			return nil
		}
	}
	k, known := r.withoutKnown(ctx, k, before, unsure)
	for _, f := range known {
		if !slices.ContainsFunc(out.Known, func(o finding.Finding) bool { return o.ID == f.ID }) {
			out.Known = append(out.Known, f)
		}
	}
	if err := open.err(); err != nil || k.Verdict == policies.Compliant {
		return err
	}
	f, err := r.create(ctx, k.identified(before))
	if err != nil {
		return err
	}
	out.Findings = append(out.Findings, r.work(ctx, f))
	return nil
}

// scannedOf is a judgement of live state. Nobody is reverted on it unasked.
func scannedOf(g judge.Judgement, c cloud.Change, now judge.Snapshot, unsure string) judged {
	g.Lower(judge.Ask, foundByScan)
	if unsure != "" {
		g.Lower(judge.Report, unsure)
	}
	if c.HasDelta { // not a whole allow policy for one grant of it
		c = judge.Granting(c, g.Grants)
	}
	return judged{Judgement: g, change: c, now: now}
}
