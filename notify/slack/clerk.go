package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Answerer records what a person answers. It decides whether the person may,
// and whether the answer still counts; *remediate.RefusedError says that not,
// and comes with the finding as it stands. When it returns nil the answer is
// durable; what follows of it is not its caller's to wait for.
type Answerer interface {
	Answer(ctx context.Context, finding string, a finding.Answer) (finding.Finding, error)
	// RecordSurface is told of a message that shows the finding and that the store
	// may not know, or may believe up to date; see remediate.Desk.RecordSurface.
	RecordSurface(ctx context.Context, finding string, at finding.Surface) (finding.Finding, error)
}

// Findings looks findings up.
type Findings interface {
	Finding(ctx context.Context, id string) (finding.Finding, error)
	Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error)
}

// Previewer says what an exemption of a finding would have covered.
type Previewer interface {
	Preview(ctx context.Context, finding string) (remediate.Preview, error)
}

// Escalator has whoever is on call told of a finding. Whether that is too much,
// a *remediate.RefusedError says.
type Escalator interface {
	Page(ctx context.Context, finding, by, via string) (finding.Finding, error)
}

// Desk says who may decide, takes the pause, and takes down who was refused.
type Desk interface {
	// Admits returns nil for somebody who may decide, else a
	// *remediate.RefusedError.
	Admits(ctx context.Context, principal string) error
	Pause(ctx context.Context, by, via, reason string, duration time.Duration) (remediate.Pause, error)
	Resume(ctx context.Context, by, via, reason string) (remediate.Pause, error)
	// Group returns a group and those of its findings that wait for an answer, or
	// remediate.ErrNotFound.
	Group(ctx context.Context, id string) (remediate.Group, []finding.Finding, error)
	// Refused takes down an answer that was turned away before it could come to
	// an Answerer, which takes down those that it refuses itself.
	Refused(ctx context.Context, finding string, a finding.Answer, class, why string)
}

// Approvers says which principal ("user:ada@example.com") a Slack user is, or
// "" for nobody we know. A *remediate.RefusedError says why they never may; any
// other error means that it could not be found out, which is never taken for a
// yes. (*People).Principal asks Slack.
type Approvers func(ctx context.Context, userID string) (principal string, err error)

// Clerk does what verified requests ask. It has the store, by way of those it
// asks, and no part in what Slack can reach.
type Clerk struct {
	Approvers Approvers
	Answers   Answerer
	Findings  Findings
	Previews  Previewer // nil: forms say nothing of what an exemption covers
	OnCall    Escalator // nil: nobody can be paged
	Desk      Desk      // of the commands and the home tab
	BaseURL   string    // where findings have a page; empty for no links
	Channels  []string  // where cards are posted
}

func (c *Clerk) validate() error {
	if c.Approvers == nil || c.Answers == nil || c.Findings == nil || c.Desk == nil {
		return errors.New("slack receiver: a clerk needs approvers, a desk, and somewhere to record answers and to look up findings")
	}
	return nil
}

// do answers or pages, and returns what to tell the person: nothing when all
// went well, as the card tells it. An error without words for the person is one
// that may pass: it is not known whether anything was decided.
func (c *Clerk) do(ctx context.Context, i Interaction, at time.Time) (say string, err error) {
	principal, no, err := c.principal(ctx, i.UserID)
	switch {
	case i.Page: // anybody who sees the card may
		return c.page(ctx, i, principal)
	case no != nil:
		c.refused(ctx, i, "", no)
		return notRecorded + no.Why, err
	}
	return c.answer(ctx, i, principal, at)
}

// principal is who a Slack user is, or why it is nobody, in a sentence for them.
func (c *Clerk) principal(ctx context.Context, userID string) (principal string, no *finding.RefusedError, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime) // leaves time to say that it could not be done
	defer cancel()
	principal, err = c.Approvers(ctx, userID)
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
func (c *Clerk) known(ctx context.Context, userID string) (principal string, no *finding.RefusedError) {
	principal, no, _ = c.principal(ctx, userID)
	return principal, no
}

func (i Interaction) via() string { return "slack:" + i.TeamID + "/" + i.UserID }

// refused has it taken down that somebody was turned away.
func (c *Clerk) refused(ctx context.Context, i Interaction, principal string, no *finding.RefusedError) {
	c.Desk.Refused(ctx, i.FindingID, finding.Answer{
		Choice: cmp.Or(i.Choice, "click"), Principal: principal, Via: i.via(), Digest: i.Digest8,
	}, string(no.Class), no.Why)
}

func (c *Clerk) answer(ctx context.Context, i Interaction, principal string, at time.Time) (say string, err error) {
	switch ok, err := c.belongs(ctx, i); {
	case err != nil:
		return "", err
	case !ok:
		c.refused(ctx, i, principal, &finding.RefusedError{Class: finding.ClassInvalid, Why: sayNowhere})
		return notRecorded + sayNowhere, nil
	}
	a := finding.Answer{
		Choice: i.Choice, Principal: principal, Via: i.via(), Reason: i.Reason,
		At: at, Revision: i.Revision, Digest: i.Digest8,
	}
	if i.For > 0 {
		a.Until = at.Add(i.For)
	}
	f, err := c.Answers.Answer(ctx, i.FindingID, a)
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
func (c *Clerk) belongs(ctx context.Context, i Interaction) (bool, error) {
	if slices.Contains(c.Channels, i.Channel) {
		return true, nil
	}
	// The routes may have changed since it was posted.
	f, err := c.Findings.Finding(ctx, i.FindingID)
	shown := f.Surfaces
	if errors.Is(err, fault.ErrNotFound) {
		var g remediate.Group
		g, _, err = c.Desk.Group(ctx, i.FindingID)
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
func (c *Clerk) redraw(ctx context.Context, f finding.Finding, i Interaction, at time.Time) {
	if f.ID != i.FindingID || f.Group != "" {
		return // another record's, or a message that shows many
	}
	known := slices.ContainsFunc(f.Surfaces, func(s finding.Surface) bool {
		return s.Kind == surfaceKind && s.Channel == i.Channel && s.ID == i.MessageTS
	})
	if known && (!f.State.Ended() || f.Owes(finding.Notify) || at.Sub(f.EndedAt) < drawing) {
		return
	}
	_, _ = c.Answers.RecordSurface(ctx, f.ID, finding.Surface{Kind: surfaceKind, Channel: i.Channel, ID: i.MessageTS})
}

// page tells whoever is on call, whoever asks for it.
func (c *Clerk) page(ctx context.Context, i Interaction, principal string) (say string, err error) {
	if c.OnCall == nil {
		return sayNoOnCall, nil
	}
	_, err = c.OnCall.Page(ctx, i.FindingID, cmp.Or(principal, i.via()), i.via())
	var refused *finding.RefusedError
	switch {
	case err == nil:
		return "On-call is being paged about this finding.", nil
	case errors.As(err, &refused):
		return "Nobody was paged: " + refused.Why, nil
	}
	return "", err
}
