package slack

import (
	"context"
	"errors"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Answerer records what a person answers. It decides whether the person may,
// and whether the answer still counts; *finding.RefusedError says that not,
// and comes with the finding as it stands. When it returns nil the answer is
// durable; what follows of it is not its caller's to wait for.
type Answerer interface {
	// Answer returns the finding as stored.
	Answer(ctx context.Context, finding string, a finding.Answer) (finding.Finding, error)
	// RecordSurface is told of a message that shows the finding and that the store
	// may not know, or may believe up to date; see desk.Desk.RecordSurface.
	RecordSurface(ctx context.Context, finding string, at finding.Surface) (finding.Finding, error)
}

// Findings looks findings up.
type Findings interface {
	// Finding returns the finding, or an error matching fault.ErrNotFound.
	Finding(ctx context.Context, id string) (finding.Finding, error)
	// Findings returns those that match, newest first.
	Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error)
}

// Previewer says what an exemption of a finding would have exempted.
type Previewer interface {
	// Preview looks that up; see desk.Desk.Preview.
	Preview(ctx context.Context, finding string) (desk.Preview, error)
}

// Escalator has whoever is on call told of a finding. Whether that is too much,
// a *finding.RefusedError says.
type Escalator interface {
	// Page returns the finding as stored; see desk.Desk.Page.
	Page(ctx context.Context, finding, by, via string) (finding.Finding, error)
}

// Desk says who may decide, takes the pause, and records who was refused.
type Desk interface {
	// Admits returns nil for somebody who may decide, else a
	// *finding.RefusedError.
	Admits(ctx context.Context, principal string) error
	Pauser
	// Group returns a group and those of its findings that wait for an answer, or
	// fault.ErrNotFound.
	Group(ctx context.Context, id string) (group.Group, []finding.Finding, error)
	// Once does what a signed request asks, once for all its deliveries; see
	// desk.Desk.Once.
	Once(ctx context.Context, q desk.Request, do func(context.Context) (said string, err error)) (said string, again bool, err error)
	// Refused records an answer that was refused before it could come to an
	// Answerer, which records those that it refuses itself.
	Refused(ctx context.Context, finding string, a finding.Answer, class, why string)
}

// Pauser takes the pause. What it refuses a *finding.RefusedError says.
type Pauser interface {
	// PauseSigned stops all writes for that long from when it was signed.
	PauseSigned(ctx context.Context, at time.Time, by, via, reason string, duration time.Duration) (desk.Pause, error)
	// ResumeSigned ends the pause.
	ResumeSigned(ctx context.Context, at time.Time, by, via, reason string) (desk.Pause, error)
}

// Approvers says which principal ("user:ada@example.com") a Slack user is, or
// "" for nobody we know. A *finding.RefusedError says why they never may; any
// other error means that it could not be found out, which is never taken for a
// yes. (*People).Principal asks Slack.
type Approvers func(ctx context.Context, userID string) (principal string, err error)

// ClerkConfig is what a Receiver needs that does itself what verified requests
// ask.
type ClerkConfig struct {
	Approvers Approvers
	Answers   Answerer
	Findings  Findings
	Previews  Previewer // nil: forms say nothing of what an exemption exempts
	OnCall    Escalator // nil: nobody can be paged
	Desk      Desk      // of the commands and the home tab
	BaseURL   string    // where findings have a page; empty for no links
	Channels  []string  // where cards are posted
}

func (c ClerkConfig) validate() error {
	if c.Approvers == nil || c.Answers == nil || c.Findings == nil || c.Desk == nil {
		return errors.New("slack receiver: a clerk needs approvers, a desk, and somewhere to record answers and to look up findings")
	}
	return nil
}

// clerk does what verified requests ask. It has the store, by way of those it
// asks, and no part in what Slack can reach.
type clerk struct{ cfg ClerkConfig }
