package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// do answers or pages, and returns what to tell the person: nothing when all
// went well, as the card tells it. An error without words for the person is one
// that may pass: it is not known whether anything was decided.
func (c *clerk) do(ctx context.Context, i Interaction, at time.Time) (say string, err error) {
	principal, refusal, err := c.principal(ctx, i.UserID)
	switch {
	case i.Page: // anybody who sees the card may
		return c.page(ctx, i, principal)
	case refusal != nil:
		c.recordRefusal(ctx, i, "", refusal)
		return notRecorded + refusal.Why, err
	}
	return c.answer(ctx, i, principal, at)
}

// principal is who a Slack user is, or why it is nobody, in a sentence for them.
func (c *clerk) principal(ctx context.Context, userID string) (principal string, refusal *finding.RefusedError, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime) // leaves time to say that it could not be done
	defer cancel()
	principal, err = c.cfg.Approvers(ctx, userID)
	var refused *finding.RefusedError
	switch {
	case errors.As(err, &refused):
		return "", &finding.RefusedError{Class: cmp.Or(refused.Class, finding.ClassIdentity), Why: refused.Why + "."}, err
	case err != nil:
		return "", &finding.RefusedError{Class: finding.ClassUndetermined, Why: sayNoLookup}, err
	case principal == "":
		return "", &finding.RefusedError{Class: finding.ClassNotApprover, Why: sayNobody}, nil
	}
	return principal, nil, nil
}

// known is principal for who has nothing to log.
func (c *clerk) known(ctx context.Context, userID string) (principal string, refusal *finding.RefusedError) {
	principal, refusal, _ = c.principal(ctx, userID)
	return principal, refusal
}

func (i Interaction) via() string { return "slack:" + i.TeamID + "/" + i.UserID }

// recordRefusal has it recorded that somebody's click was refused.
func (c *clerk) recordRefusal(ctx context.Context, i Interaction, principal string, refusal *finding.RefusedError) {
	c.cfg.Desk.Refused(ctx, i.FindingID, finding.Answer{
		Choice: cmp.Or(i.Choice, "click"), Principal: principal, Via: i.via(), Digest: i.Digest8,
	}, string(refusal.Class), refusal.Why)
}

func (c *clerk) answer(ctx context.Context, i Interaction, principal string, at time.Time) (say string, err error) {
	switch ok, err := c.belongs(ctx, i); {
	case err != nil:
		return "", err
	case !ok:
		c.recordRefusal(ctx, i, principal, &finding.RefusedError{Class: finding.ClassInvalid, Why: sayNowhere})
		return notRecorded + sayNowhere, nil
	}
	a := finding.Answer{
		Choice: i.Choice, Principal: principal, Via: i.via(), Reason: i.Reason,
		At: at, Revision: i.Revision, Digest: i.Digest8,
	}
	if i.For > 0 {
		a.Until = at.Add(i.For)
	}
	f, err := c.cfg.Answers.Answer(ctx, i.FindingID, a)
	c.redraw(ctx, f, i, at)
	var refused *finding.RefusedError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &refused):
		return notify.Refusal(f, a, refused.Why), nil
	case errors.Is(err, fault.ErrNotFound):
		return sayUnknown, err
	}
	return "", err
}

// belongs reports whether the card that was clicked stands where rescind posts.
func (c *clerk) belongs(ctx context.Context, i Interaction) (bool, error) {
	if slices.Contains(c.cfg.Channels, i.Channel) {
		return true, nil
	}
	// The routes may have changed since it was posted.
	f, err := c.cfg.Findings.Finding(ctx, i.FindingID)
	shown := f.Surfaces
	if errors.Is(err, fault.ErrNotFound) {
		var g remediate.Group
		g, _, err = c.cfg.Desk.Group(ctx, i.FindingID)
		shown = g.Surfaces
	}
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	return slices.ContainsFunc(shown, func(s finding.Surface) bool { return s.Channel == i.Channel }), err
}

// drawing is how long a card that was just decided may still show its buttons to
// somebody: of many who click at once, each would have it drawn once more.
const drawing = 10 * time.Second

// redraw has the card that was clicked brought up to date where nothing else
// would: it shows a question that has ended, or the store does not know of it,
// as the answer to the call that posted it was lost. It is no part of the
// answer, so it cannot fail it.
func (c *clerk) redraw(ctx context.Context, f finding.Finding, i Interaction, at time.Time) {
	if f.ID != i.FindingID || f.Group != "" {
		return // another record's, or a message that shows many
	}
	known := slices.ContainsFunc(f.Surfaces, func(s finding.Surface) bool {
		return s.Kind == surfaceKind && s.Channel == i.Channel && s.ID == i.MessageTS
	})
	if known && (!f.State.Ended() || f.Owes(finding.Notify) || at.Sub(f.EndedAt) < drawing) {
		return
	}
	_, _ = c.cfg.Answers.RecordSurface(ctx, f.ID, finding.Surface{Kind: surfaceKind, Channel: i.Channel, ID: i.MessageTS})
}

// page tells whoever is on call, whoever asks for it.
func (c *clerk) page(ctx context.Context, i Interaction, principal string) (say string, err error) {
	if c.cfg.OnCall == nil {
		return sayNoOnCall, nil
	}
	_, err = c.cfg.OnCall.Page(ctx, i.FindingID, cmp.Or(principal, i.via()), i.via())
	var refused *finding.RefusedError
	switch {
	case err == nil:
		return "On-call is being paged about this finding.", nil
	case errors.As(err, &refused):
		return "Nobody was paged: " + refused.Why, nil
	}
	return "", err
}
