package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// asking sets when a new question pages: at once where it is one for a limit alone,
// and severe. Whoever used the limit up may have meant just that.
func (r *Remediator) asking(f finding.Finding, over limit) finding.Finding {
	if now := r.cfg.Now(); over.why != "" && f.Severe() && f.PageableAt(now) && len(r.cfg.OnCall) > 0 {
		f = f.Paged(now, "", "on-call is paged: a limit keeps a finding of "+cmp.Or(string(f.Severity), "unrated")+" severity from being reverted unasked", r.pagers())
	}
	if r.cfg.PageAfter > 0 && len(r.cfg.OnCall) > 0 && r.cfg.PageAfter < r.cfg.ExpiresIn {
		return f.PagedAfter(r.cfg.PageAfter)
	}
	return f
}

// pagers are the names of who can be paged.
func (r *Remediator) pagers() []string {
	var out []string
	for _, p := range r.cfg.OnCall {
		out = append(out, p.Name())
	}
	return out
}

// onCall does what a finding owes to whoever is on call.
func (r *Remediator) onCall(ctx context.Context, f finding.Finding) finding.Finding {
	for _, p := range r.cfg.OnCall {
		if e := finding.PageBy(p.Name()); f.Owes(e) && !f.Waits(e, r.cfg.Now()) {
			f = r.progress(ctx, f, string(e), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
				return r.paidOff(ctx, f, e, page(ctx, p, f))
			})
		}
	}
	for _, e := range f.Outbox {
		if f.Owes(e) && r.unpageable(e) && !f.Waits(e, r.cfg.Now()) {
			f = r.progress(ctx, f, string(e), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
				if f.State.Ended() || f.Tries(e) >= unpageableTries {
					return r.paidOff(ctx, f, e, nil)
				}
				return r.paidOff(ctx, f, e, fmt.Errorf("no pager is configured that does %q", e))
			})
		}
	}
	if f.Owes(finding.Resolve) && !f.Waits(finding.Resolve, r.cfg.Now()) {
		f = r.progress(ctx, f, string(finding.Resolve), func(ctx context.Context, f finding.Finding) (finding.Finding, error) {
			return r.paidOff(ctx, f, finding.Resolve, r.resolve(ctx, f))
		})
	}
	return f
}

// unpageableTries is how often a page is tried that no pager does: half an hour.
const unpageableTries = 30

// unpageable reports whether the effect is a page that no pager does, as the
// configuration was changed since. A process with the one before, or the one to
// come, may still do it; in the end it is given up, or it would be owed for ever.
func (r *Remediator) unpageable(e finding.Effect) bool {
	name, page := strings.CutPrefix(string(e), string(finding.PageBy("")))
	return page && !slices.Contains(r.pagers(), name)
}

// paidOff takes an effect out of the outbox, or has the sweep come back for it.
func (r *Remediator) paidOff(ctx context.Context, f finding.Finding, e finding.Effect, failed error) (finding.Finding, error) {
	for range conflictTries {
		var next finding.Finding
		switch {
		case failed != nil:
			next = f.TriedLater(e, r.cfg.Now(), failed)
		default:
			next = f.PaidOff(e, r.cfg.Now())
		}
		stored, err := r.update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, errors.Join(failed, err)
		}
		if f, err = r.cfg.Store.Finding(ctx, f.ID); err != nil {
			return finding.Finding{}, errors.Join(failed, fmt.Errorf("look up finding: %w", err))
		}
	}
	return finding.Finding{}, errors.Join(failed, fault.ErrConflict)
}

// page pages about a finding that still waits.
func page(ctx context.Context, p Pager, f finding.Finding) error {
	if f.State.Ended() {
		return nil
	}
	return p.Page(ctx, f)
}

// resolve tells all pagers that a finding has ended.
func (r *Remediator) resolve(ctx context.Context, f finding.Finding) error {
	var errs []error
	for _, p := range r.cfg.OnCall {
		errs = append(errs, p.Resolve(ctx, f))
	}
	return errors.Join(errs...)
}
