package slack

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/internal/intake"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// ReceiverConfig is what a Receiver needs.
type ReceiverConfig struct {
	Secrets []Secret // signing secrets; several while one is being replaced
	Team    string   // the workspace's id: other workspaces may share a channel
	AppID   string   // optional
	Token   Secret   // of the bot, to open forms and to speak in private
	APIURL  string   // where Slack's Web API is; empty for Slack's own
	// Exactly one of these is set. Courier takes what was verified to the
	// process that answers, which verifies it again; with Clerk that is this one.
	Courier desk.Courier
	Clerk   *ClerkConfig
	// Later has something done that Slack's answer need not wait for, once it
	// was given; it never blocks. Without it such things are left out.
	Later func(do func(context.Context))
	// ResponseURLs is the prefix private notes may be sent to; empty for
	// Slack's own. Tests and the demo set it.
	ResponseURLs string
	Now          func() time.Time
	Log          *slog.Logger
}

func (c ReceiverConfig) validate() error {
	var errs []error
	for _, p := range []struct {
		missing bool
		what    string
	}{
		{len(c.Secrets) == 0 || slices.Contains(c.Secrets, ""), "a signing secret is empty or none is set"},
		{c.Team == "", "no team"},
		{c.Token == "", "the bot token is empty"},
		{(c.Courier == nil) == (c.Clerk == nil), "want either a courier or a clerk"},
		{c.Now == nil, "no clock"},
		{c.Log == nil, "no logger"},
	} {
		if p.missing {
			errs = append(errs, errors.New("slack receiver: "+p.what))
		}
	}
	if c.Clerk != nil {
		errs = append(errs, c.Clerk.validate())
	}
	return errors.Join(errs...)
}

// Slack shows an error after three seconds, and people click again. Opening a
// form or recording an answer, and the note if that failed, share what is
// safely inside that.
const (
	maxBody    = 1 << 20
	openTime   = 1500 * time.Millisecond
	lookTime   = time.Second // for who clicked
	recordTime = 1800 * time.Millisecond
	wholeTime  = 2600 * time.Millisecond
)

// How many bytes of requests that anybody may have sent are held at once. Slack's
// own have some kilobytes; a large form has a few dozen.
const (
	smallBody       = 64 << 10
	unverifiedSmall = 24 << 20
	unverifiedLarge = 16 << 20
)

// Receiver takes what Slack sends. It acts on nothing that Slack did not sign,
// and leaves nobody who clicked without an answer. One with a clerk records
// answers; one with a courier only verifies, opens forms and passes on, and so
// can be reached from the internet without being able to change anything.
type Receiver struct {
	cfg   ReceiverConfig
	clerk *clerk // nil: answers are passed on
	api   *api.Client
	notes notes
	room  intake.Room // for what is not verified yet
}

// NewReceiver returns a Receiver, or an error that says all that the config lacks.
func NewReceiver(c ReceiverConfig) (*Receiver, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	n, err := newNotes(c.ResponseURLs)
	if err != nil {
		return nil, err
	}
	r := &Receiver{
		cfg: c, api: newClient(c.Token, c.APIURL), notes: n,
		room: intake.Room{Small: unverifiedSmall, Large: unverifiedLarge, SmallBody: smallBody},
	}
	if c.Clerk != nil {
		r.clerk = &clerk{*c.Clerk}
	}
	return r, nil
}
