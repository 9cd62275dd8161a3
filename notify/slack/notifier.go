package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
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

// surfaceKind is Slack's word in a remediate.Surface.
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

// Notify posts the finding to its channel, or brings the messages that show it
// up to date and adds what happened since to their threads. The surfaces it
// returns are right also when it returns an error (an *Error) with them: what
// was posted before the error must be stored, or it would be posted again.
func (n *Notifier) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	surfaces := slices.Clone(f.Surfaces)
	if !slices.ContainsFunc(surfaces, func(s finding.Surface) bool { return s.Kind == surfaceKind }) {
		s, err := n.post(ctx, f, n.route(f))
		if err != nil || s.Channel == "" {
			return surfaces, err
		}
		return append(surfaces, s), nil
	}
	var errs []error
	for i := range surfaces {
		if surfaces[i].Kind == surfaceKind {
			errs = append(errs, n.refresh(ctx, f, &surfaces[i]))
		}
	}
	return surfaces, errors.Join(errs...)
}

func (n *Notifier) post(ctx context.Context, f finding.Finding, channel string) (finding.Surface, error) {
	if channel == "" {
		return finding.Surface{}, nil
	}
	id, ts, err := n.send(ctx, f.ID, channel, n.options(f)...)
	if err != nil {
		return finding.Surface{}, fmt.Errorf("show finding %s: %w", f.ID, err)
	}
	return finding.Surface{Kind: surfaceKind, Channel: id, ID: ts, Rendered: f.Revision, Told: len(f.Timeline)}, nil
}

// refresh updates one message, unless it shows this revision or a later one
// already: renders may arrive in any order, and the latest has to stay.
func (n *Notifier) refresh(ctx context.Context, f finding.Finding, s *finding.Surface) error {
	if s.Rendered < f.Revision || s.ID == "" {
		if err := n.update(ctx, f, s); err != nil {
			return err
		}
	}
	return n.tell(ctx, f, s)
}

func (n *Notifier) update(ctx context.Context, f finding.Finding, s *finding.Surface) error {
	if s.ID == "" {
		return n.replace(ctx, f, s)
	}
	err := n.rewrite(ctx, f.ID, s.Channel, s.ID, n.options(f)...)
	var e *Error
	if errors.As(err, &e) && e.Kind == Gone {
		s.ID = "" // the new one may have to wait for its turn, and then not find this one again
		return n.replace(ctx, f, s)
	}
	if err != nil {
		return fmt.Errorf("show finding %s: %w", f.ID, err)
	}
	s.Rendered = f.Revision
	return nil
}

// replace posts the finding anew where its message cannot be changed any more.
func (n *Notifier) replace(ctx context.Context, f finding.Finding, s *finding.Surface) error {
	channel := n.route(f)
	if channel == "" {
		channel = s.Channel
	}
	fresh, err := n.post(ctx, f, channel)
	if err == nil {
		*s = fresh
	}
	return err
}

// tell adds what the thread does not say yet, as one reply: Slack takes one
// message a second in a channel.
func (n *Notifier) tell(ctx context.Context, f finding.Finding, s *finding.Surface) error {
	if s.Told >= len(f.Timeline) {
		return nil
	}
	lines := fitLines(notify.Trail(f.Timeline[max(s.Told, 0):]), maxSection)
	block := api.NewRichTextBlock("", api.NewRichTextSection(api.NewRichTextSectionTextElement(lines, nil)))
	_, _, err := n.send(ctx, f.ID, s.Channel, quietly(api.MsgOptionTS(s.ID),
		api.MsgOptionText(fit(lines, maxText, escape), false), api.MsgOptionBlocks(block))...)
	if err != nil {
		return fmt.Errorf("continue the thread of finding %s: %w", f.ID, err)
	}
	s.Told = len(f.Timeline)
	return nil
}

func (n *Notifier) options(f finding.Finding) []api.MsgOption {
	card := n.card
	card.Now = n.now()
	text, blocks := Render(notify.Card(f, card))
	return quietly(api.MsgOptionText(text, false), api.MsgOptionBlocks(blocks...),
		// Every app in the workspace can read metadata: ids only.
		api.MsgOptionMetadata(api.SlackMetadata{
			EventType:    "rescind_finding",
			EventPayload: map[string]any{"finding": f.ID, "revision": f.Revision},
		}))
}

// quietly keeps Slack from looking for links and names in the text, and from
// fetching any link it might still find.
func quietly(opts ...api.MsgOption) []api.MsgOption {
	return append(opts, api.MsgOptionParse(false), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl())
}
