package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// Config is what a Notifier needs.
type Config struct {
	Token Secret
	// APIURL is where Slack's Web API is; empty for Slack's own.
	APIURL string
	// Route says which channel id a finding belongs in; empty for none.
	Route func(finding.Finding) string
	// Channels are all that Route may name, for what concerns everybody.
	Channels []string
	Card     notify.Options
	// Now is the time at which cards are drawn; nil: no card offers what can
	// be done for a time only.
	Now func() time.Time
	// Turns keeps every channel to a message a second; nil for no such limit.
	Turns *Turns
}

// callTimeout bounds one call to Slack. slack-go's own client has no bound.
const callTimeout = 5 * time.Second

// surfaceKind is Slack's word in a finding.Surface.
const surfaceKind = "slack"

// Notifier shows every finding as one message and keeps it up to date. It keeps
// nothing itself: what is shown where stands in the finding's surfaces.
type Notifier struct {
	api      *api.Client
	route    func(finding.Finding) string
	channels []string
	card     notify.Options
	now      func() time.Time
	turns    *Turns
}

var _ remediate.Notifier = (*Notifier)(nil)

// NewNotifier returns a Notifier, or an error that says what the config lacks.
func NewNotifier(c Config) (*Notifier, error) {
	if c.Token == "" {
		return nil, errors.New("slack: the bot token is empty")
	}
	if c.Route == nil {
		return nil, errors.New("slack: no routes")
	}
	if c.Now == nil {
		c.Now = func() time.Time { return time.Time{} }
	}
	return &Notifier{api: newClient(c.Token, c.APIURL), route: c.Route, channels: c.Channels, card: c.Card, now: c.Now, turns: c.Turns}, nil
}

// newClient returns a client of the Web API at apiURL; empty for Slack's own.
func newClient(token Secret, apiURL string, opts ...api.Option) *api.Client {
	opts = append(opts, api.OptionHTTPClient(&http.Client{Timeout: callTimeout, CheckRedirect: noRedirect}))
	if apiURL != "" {
		opts = append(opts, api.OptionAPIURL(strings.TrimSuffix(apiURL, "/")+"/"))
	}
	return api.New(string(token), opts...)
}

// noRedirect: the token travels in the body, and must not follow one elsewhere.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

var _ remediate.Announcer = (*Notifier)(nil)

// Announce posts the text to every channel that is not among those reached,
// and returns all that are reached now. One that fails keeps no other from it.
func (n *Notifier) Announce(ctx context.Context, text string, reached []string) ([]string, error) {
	reached = slices.Clone(reached)
	text = prose(text, maxText)
	var errs []error
	for _, c := range n.channels {
		if slices.Contains(reached, c) {
			continue
		}
		if _, _, err := n.send(ctx, text, c, quietly(api.MsgOptionText(text, false))...); err != nil {
			errs = append(errs, fmt.Errorf("announce in %s: %w", c, err))
			continue
		}
		reached = append(reached, c)
	}
	return reached, errors.Join(errs...)
}

// EveryChannel lists the channels that findings are routed to.
func (n *Notifier) EveryChannel() []string { return n.channels }
