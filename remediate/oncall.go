package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Pager reaches whoever is on call.
type Pager interface {
	// Name tells pagers apart; it is stored with what is owed.
	Name() string
	// Page tells of a finding that waits for an answer. It may be called again
	// with the same finding, after a crash.
	Page(ctx context.Context, f finding.Finding) error
	// Resolve says that a finding that was told of has ended.
	Resolve(ctx context.Context, f finding.Finding) error
}

// EscalateOnExpiry puts the question once more, and pages on-call; what nobody
// answers then either is left.
const EscalateOnExpiry Expiry = "escalate"

// Page has on-call told of a finding at once, because somebody asks for it:
// whoever sees the question may, but not again within 15 minutes.
func (d Desk) Page(ctx context.Context, id, by, via string) (finding.Finding, error) {
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return finding.Finding{}, err
		}
		now := d.Now()
		switch {
		case len(d.OnCall) == 0:
			return f, finding.Refuse("nobody is configured to be on call")
		case f.State.Ended():
			return f, finding.Refuse("the finding is %s: %s", f.State, f.Why)
		case now.Sub(f.PagedAt) < finding.PageEvery:
			return f, finding.Refuse("on-call was paged at %s; once in %s is enough", f.PagedAt.UTC().Format(time.RFC3339), finding.PageEvery)
		}
		next := f.Paged(now, by, fmt.Sprintf("on-call paged by %s (%s)", by, via), d.OnCall)
		if d.HandOver && !f.State.Working() { // whose lease is that of whoever applies it
			next.DueAt = now
		}
		stored, err := d.Store.Update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fmt.Errorf("page on-call about finding %s: %w", id, fault.ErrConflict)
}

// asking sets when a new question pages.
func (r *Remediator) asking(f finding.Finding) finding.Finding {
	if r.PageAfter > 0 && len(r.OnCall) > 0 && r.PageAfter < r.ExpiresIn {
		return f.PagedAfter(r.PageAfter)
	}
	return f
}

// pagers are the names of who can be paged.
func (r *Remediator) pagers() []string {
	var out []string
	for _, p := range r.OnCall {
		out = append(out, p.Name())
	}
	return out
}

// onCall does what a finding owes to whoever is on call.
func (r *Remediator) onCall(ctx context.Context, f finding.Finding) finding.Finding {
	for _, p := range r.OnCall {
		if e := finding.PageBy(p.Name()); f.Owes(e) {
			f = r.progress(ctx, f, string(e), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
				return r.paidOff(ctx, f, e, r.page(ctx, p, f))
			})
		}
	}
	for _, e := range f.Outbox {
		if f.Owes(e) && r.unpageable(e) {
			f = r.progress(ctx, f, string(e), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
				if f.State.Ended() || f.Attempts >= finding.MaxAttempts {
					return r.paidOff(ctx, f, e, nil)
				}
				return r.paidOff(ctx, f, e, fmt.Errorf("no pager is configured that does %q", e))
			})
		}
	}
	if f.Owes(finding.Resolve) {
		f = r.progress(ctx, f, string(finding.Resolve), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
			return r.paidOff(ctx, f, finding.Resolve, r.resolve(ctx, f))
		})
	}
	return f
}

// resolve says that a finding has ended. A page about one of a group was about all
// of it: the last of them to end says so, and until then on-call is needed.
func (r *Remediator) resolve(ctx context.Context, f finding.Finding) error {
	ended := []finding.Finding{f}
	if f.Group != "" {
		g, err := readGroup(ctx, r.Store, f.Group)
		if err != nil {
			return err
		}
		for _, i := range slices.Backward(g.Items) { // answers are carried to the first ones first
			o, err := r.Store.Finding(ctx, i.Finding)
			switch {
			case errors.Is(err, fault.ErrNotFound): // no longer kept
			case err != nil:
				return fmt.Errorf("look up finding %s of group %s: %w", i.Finding, g.ID, err)
			case !o.State.Ended() && !o.PagedAt.IsZero():
				return nil // it owes the same when it ends
			case o.ID != f.ID && slices.Contains(g.Incidents, o.ID):
				ended = append(ended, o)
			}
		}
	}
	var errs []error
	for _, p := range r.OnCall {
		for _, o := range ended {
			errs = append(errs, p.Resolve(ctx, o))
		}
	}
	return errors.Join(errs...)
}

// unpageable reports whether the effect is a page that no pager does, as the
// configuration was changed since. A process with the one before, or the one to
// come, may still do it; in the end it is given up, or it would be owed for ever.
func (r *Remediator) unpageable(e finding.Effect) bool {
	name, page := strings.CutPrefix(string(e), string(finding.PageBy("")))
	return page && !slices.Contains(r.pagers(), name)
}

// page pages about a finding that still waits. Forty findings of one cause that
// nobody answered are one page.
func (r *Remediator) page(ctx context.Context, p Pager, f finding.Finding) error {
	now := r.Now()
	if f.State.Ended() {
		return nil
	}
	if f.InRoundup != "" {
		return r.pageOfRoundup(ctx, p, f)
	}
	if f.Group != "" {
		g, err := readGroup(ctx, r.Store, f.Group)
		if err != nil {
			return err
		}
		if now.Sub(g.PagedAt[p.Name()]) < finding.PageEvery {
			return nil
		}
	}
	if err := p.Page(ctx, f); err != nil || f.Group == "" {
		return err
	}
	_, err := changeGroup(ctx, r.Store, f.Group, now, func(g Group) (Group, bool, error) {
		at := map[string]time.Time{p.Name(): now}
		for name, t := range g.PagedAt {
			if name != p.Name() {
				at[name] = t
			}
		}
		g.PagedAt = at
		if !slices.Contains(g.Incidents, f.ID) {
			g.Incidents = append(slices.Clip(g.Incidents), f.ID)
		}
		return g, g.ID != "", nil
	})
	return err
}

// paidOff takes an effect out of the outbox, or has the sweep come back for it.
func (r *Remediator) paidOff(ctx context.Context, f finding.Finding, e finding.Effect, failed error) (finding.Finding, error) {
	for range conflictTries {
		var next finding.Finding
		switch {
		case failed != nil && f.Owes(finding.Apply):
			return f, failed // due when that is
		case failed != nil:
			next = f.Later(r.Now(), failed)
		default:
			next = f.PaidOff(e, r.Now())
		}
		stored, err := r.update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, errors.Join(failed, err)
		}
		if f, err = r.Store.Finding(ctx, f.ID); err != nil {
			return finding.Finding{}, errors.Join(failed, fmt.Errorf("look up finding: %w", err))
		}
	}
	return finding.Finding{}, errors.Join(failed, fault.ErrConflict)
}
