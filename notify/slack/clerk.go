package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// Answerer records what a person answers. It decides whether the person may,
// and whether the answer still counts; *remediate.RefusedError says that not,
// and comes with the finding as it stands. When it returns nil the answer is
// durable; what follows of it is not its caller's to wait for.
type Answerer interface {
	Answer(ctx context.Context, finding string, a remediate.Answer) (remediate.Finding, error)
	// Shown is told of a message that shows the finding and that the store
	// may not know, or may believe up to date; see remediate.Desk.Shown.
	Shown(ctx context.Context, finding string, at remediate.Surface) (remediate.Finding, error)
}

// Findings looks findings up.
type Findings interface {
	Finding(ctx context.Context, id string) (remediate.Finding, error)
	Findings(ctx context.Context, q remediate.Query) ([]remediate.Finding, error)
}

// Previewer says what an exemption of a finding would have covered.
type Previewer interface {
	Preview(ctx context.Context, finding string) (remediate.Preview, error)
}

// Escalator has whoever is on call told of a finding. Whether that is too much,
// a *remediate.RefusedError says.
type Escalator interface {
	Page(ctx context.Context, finding, by, via string) (remediate.Finding, error)
}

// Approvers says which principal ("user:ada@example.com") a Slack user is, or
// "" for nobody we know. A *remediate.RefusedError says why they never may; any
// other error means that it could not be found out, which is never taken for a
// yes. (*People).Principal asks Slack.
type Approvers func(ctx context.Context, userID string) (principal string, err error)

// Users is the Approvers of a fixed list, from Slack user id to principal.
func Users(m map[string]string) Approvers {
	return func(_ context.Context, userID string) (string, error) { return m[userID], nil }
}

// Clerk does what verified requests ask. It has the store, by way of those it
// asks, and no part in what Slack can reach.
type Clerk struct {
	Approvers Approvers
	Answers   Answerer
	Findings  Findings
	Previews  Previewer // nil: forms say nothing of what an exemption covers
	OnCall    Escalator // nil: nobody can be paged
	Channels  []string  // where cards are posted
}

func (c *Clerk) validate() error {
	if c.Approvers == nil || c.Answers == nil || c.Findings == nil {
		return errors.New("slack receiver: a clerk needs approvers, and somewhere to record answers and to look up findings")
	}
	return nil
}

// do answers or pages, and returns what to tell the person: nothing when all
// went well, as the card tells it. An error without words for the person is one
// that may pass: it is not known whether anything was decided.
func (c *Clerk) do(ctx context.Context, i Interaction, at time.Time) (say string, err error) {
	principal, err := c.who(ctx, i.UserID)
	var refused *remediate.RefusedError
	switch {
	case i.Page && err == nil: // anybody who sees the card may
		return c.page(ctx, i, principal)
	case i.Page:
		return c.page(ctx, i, "")
	case errors.As(err, &refused):
		return "Not recorded: " + refused.Why + ".", err
	case err != nil:
		return sayNoLookup, err
	case principal == "":
		return sayNobody, nil
	}
	return c.answer(ctx, i, principal, at)
}

// lookTime is what of the time that Slack waits goes into who clicked: enough is
// left to say that it could not be found out.
const lookTime = time.Second

func (c *Clerk) who(ctx context.Context, userID string) (principal string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	return c.Approvers(ctx, userID)
}

func (i Interaction) via() string { return "slack:" + i.TeamID + "/" + i.UserID }

func (c *Clerk) answer(ctx context.Context, i Interaction, principal string, at time.Time) (say string, err error) {
	switch ok, err := c.belongs(ctx, i); {
	case err != nil:
		return "", err
	case !ok:
		return sayNowhere, nil
	}
	a := remediate.Answer{
		Choice: i.Choice, Principal: principal, Via: i.via(), Reason: i.Reason,
		At: at, Revision: i.Revision, Digest: i.Digest8,
	}
	if i.For > 0 {
		a.Until = at.Add(i.For)
	}
	f, err := c.Answers.Answer(ctx, i.FindingID, a)
	c.redraw(ctx, f, i)
	var refused *remediate.RefusedError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &refused):
		return notify.Refusal(f, a, refused.Why), nil
	case errors.Is(err, remediate.ErrNotFound):
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
	if errors.Is(err, remediate.ErrNotFound) {
		return false, nil
	}
	return slices.ContainsFunc(f.Surfaces, func(s remediate.Surface) bool { return s.Channel == i.Channel }), err
}

// redraw has the card that was clicked brought up to date where nothing else
// would: it shows a question that has ended, or the store does not know of it,
// as the answer to the call that posted it was lost. It is no part of the
// answer, so it cannot fail it.
func (c *Clerk) redraw(ctx context.Context, f remediate.Finding, i Interaction) {
	if f.ID != i.FindingID || f.Group != "" {
		return // another record's, or a message that shows many
	}
	known := slices.ContainsFunc(f.Surfaces, func(s remediate.Surface) bool {
		return s.Kind == surfaceKind && s.Channel == i.Channel && s.ID == i.MessageTS
	})
	if known && !f.State.Ended() {
		return
	}
	_, _ = c.Answers.Shown(ctx, f.ID, remediate.Surface{Kind: surfaceKind, Channel: i.Channel, ID: i.MessageTS})
}

// page tells whoever is on call, whoever asks for it.
func (c *Clerk) page(ctx context.Context, i Interaction, principal string) (say string, err error) {
	if c.OnCall == nil {
		return sayNoOnCall, nil
	}
	_, err = c.OnCall.Page(ctx, i.FindingID, cmp.Or(principal, i.via()), i.via())
	var refused *remediate.RefusedError
	switch {
	case err == nil:
		return "On-call is being paged about this finding.", nil
	case errors.As(err, &refused):
		return "Nobody was paged: " + refused.Why, nil
	}
	return "", err
}
