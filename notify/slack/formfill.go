package slack

import (
	"context"
	"errors"
	"strings"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

// fillIn says in an open form what the finding is and, for an exemption, what
// it would have exempted. That the form was closed meanwhile is nobody's concern.
func (r *Receiver) fillIn(ctx context.Context, i Interaction) error {
	form, _ := i.form()
	form, err := r.clerk.about(ctx, form, i)
	if err == nil {
		_, err = r.api.UpdateViewContext(ctx, formView(form, i), i.key(), "", "")
		err = classify("views.update", err)
	}
	var e *Error
	if errors.As(err, &e) && e.Kind != RateLimited && e.Kind != Down {
		err = nil
	}
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "form not filled in", "finding", i.FindingID, "error", err)
	}
	return err
}

// about is the form with what it is about; of an answer that would be refused
// it says so before somebody has written a reason for it.
func (c *clerk) about(ctx context.Context, form notify.Form, i Interaction) (notify.Form, error) {
	if _, refusal := c.known(ctx, i.UserID); refusal != nil {
		form.About = []string{"This will be refused: " + refusal.Why}
		return form, nil //nolint:nilerr // why not is what is shown
	}
	if i.All {
		return c.aboutAll(ctx, form, i)
	}
	f, err := c.cfg.Findings.Finding(ctx, i.FindingID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		form.About = []string{sayUnknown}
		return form, nil
	case err != nil:
		return form, err
	}
	form = form.Filled(f)
	if form.Choice != finding.ChooseExempt || c.cfg.Previews == nil || f.State != state.Pending {
		return form, nil
	}
	var refused *finding.RefusedError
	p, err := c.cfg.Previews.Preview(ctx, i.FindingID)
	switch {
	case errors.As(err, &refused):
		form.About = append(form.About, "This will be refused: "+refused.Why+".")
		return form, nil
	case err != nil:
		return form, err
	}
	return form.WithPreview(p), nil
}

// aboutAll is the form with the findings that it answers.
func (c *clerk) aboutAll(ctx context.Context, form notify.Form, i Interaction) (notify.Form, error) {
	g, pending, err := c.cfg.Desk.Group(ctx, i.FindingID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		form.About = []string{sayUnknown}
		return form, nil
	case err != nil:
		return form, err
	}
	form = form.FilledAll(g, pending)
	if i.Revision != g.Revision || !strings.HasPrefix(g.Digest(), i.Digest8) {
		form.About = append([]string{"This will be refused: findings were added since this card was made."}, form.About...)
	}
	return form, nil
}
