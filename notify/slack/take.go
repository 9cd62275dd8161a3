package slack

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Take does what a signed request asks that travelled: the same as if it had
// come here at once, notes included. It verifies the signature again, against
// the time at which the request was published, as whoever can publish is not
// yet Slack. It returns nil when the request is done with, also refused; with an
// error it must come again. It may come twice: the second time changes nothing.
func (r *Receiver) Take(ctx context.Context, s remediate.Signed) error {
	h := http.Header{}
	for k, v := range s.Header {
		h.Add(k, v)
	}
	unsigned := s.Kind != remediate.SignedBySlack
	if err := Verify(h, s.Body, r.Secrets, s.At); err != nil || unsigned {
		r.Log.WarnContext(ctx, "request refused", "path", s.Path, "error", ErrUnsigned)
		return nil //nolint:nilerr // it will be as unsigned the next time
	}
	if r.Clerk == nil {
		return errors.New("take a request of Slack's: nobody here answers")
	}
	switch s.Path {
	case InteractionsPath:
		return r.takeInteraction(ctx, s)
	case CommandsPath:
		return r.takeCommand(ctx, s)
	case EventsPath:
		return r.takeEvent(ctx, s)
	}
	r.Log.WarnContext(ctx, "request unreadable", "path", s.Path)
	return nil
}

func (r *Receiver) takeInteraction(ctx context.Context, s remediate.Signed) error {
	i, unreadable := Parse(s.Body)
	refused, done := r.refusedAtTheDoor(i, unreadable)
	switch {
	case refused != nil:
		r.Clerk.refused(ctx, i, "", refused)
		r.note(ctx, i, notRecorded+refused.Why, unreadable)
		return nil
	case unreadable != nil:
		r.Log.WarnContext(ctx, "interaction unreadable", "error", unreadable)
		return nil
	case done:
		return nil
	case i.opens():
		return r.fillIn(ctx, i)
	}
	said, err := r.Clerk.do(ctx, i, s.At)
	if said == "" {
		return err
	}
	r.note(ctx, i, said, err)
	return nil
}

// note tells the person in private, as well as it can be done.
func (r *Receiver) note(ctx context.Context, i Interaction, text string, err error) {
	log := r.Log.With("finding", i.FindingID, "slack_user", i.UserID, "choice", i.Choice)
	log.InfoContext(ctx, "told in private", "text", text, "error", err)
	if err := r.privately(ctx, i, text); err != nil {
		log.WarnContext(ctx, "note not delivered", "error", err)
	}
}

// fillIn says in an open form what the finding is and, for an exemption, what
// it would have covered. That the form was closed meanwhile is nobody's concern.
func (r *Receiver) fillIn(ctx context.Context, i Interaction) error {
	form, _ := i.form()
	form, err := r.Clerk.about(ctx, form, i)
	if err == nil {
		_, err = r.api.UpdateViewContext(ctx, formView(form, i), i.key(), "", "")
		err = classify("views.update", err)
	}
	var e *Error
	if errors.As(err, &e) && e.Kind != RateLimited && e.Kind != Down {
		err = nil
	}
	if err != nil {
		r.Log.WarnContext(ctx, "form not filled in", "finding", i.FindingID, "error", err)
	}
	return err
}

// about is the form with what it is about; of an answer that would be refused
// it says so before somebody has written a reason for it.
func (c *Clerk) about(ctx context.Context, form notify.Form, i Interaction) (notify.Form, error) {
	if _, no := c.known(ctx, i.UserID); no != nil {
		form.About = []string{"This will be refused: " + no.Why}
		return form, nil //nolint:nilerr // why not is what is shown
	}
	if i.All {
		return c.aboutAll(ctx, form, i)
	}
	f, err := c.Findings.Finding(ctx, i.FindingID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		form.About = []string{sayUnknown}
		return form, nil
	case err != nil:
		return form, err
	}
	form = form.Filled(f)
	if form.Choice != finding.ChooseExempt || c.Previews == nil || f.State != state.Pending {
		return form, nil
	}
	var refused *finding.RefusedError
	p, err := c.Previews.Preview(ctx, i.FindingID)
	switch {
	case errors.As(err, &refused):
		form.About = append(form.About, "This will be refused: "+refused.Why+".")
		return form, nil
	case err != nil:
		return form, err
	}
	return form.Covering(p), nil
}

// aboutAll is the form with the findings that it answers.
func (c *Clerk) aboutAll(ctx context.Context, form notify.Form, i Interaction) (notify.Form, error) {
	g, pending, err := c.Desk.Group(ctx, i.FindingID)
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
