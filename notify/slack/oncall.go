package slack

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/rescind-dev/rescind/remediate/finding"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// usergroup is the form of a user group's id.
var usergroup = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)

// OnCall pages by a mention of a Slack user group, which every on-call tool can
// keep up to date. It is the one mention that rescind ever writes, and made of
// the configuration alone.
type OnCall struct {
	n     *Notifier
	group string
}

var _ remediate.Pager = (*OnCall)(nil)

// OnCall returns the pager that mentions the user group with this id.
func (n *Notifier) OnCall(id string) (*OnCall, error) {
	if !usergroup.MatchString(id) {
		return nil, fmt.Errorf("slack: %q is not the id of a user group, which looks like S01ONCALL", id)
	}
	return &OnCall{n, id}, nil
}

// Name implements remediate.Pager.
func (*OnCall) Name() string { return surfaceKind }

// Page mentions the group in the thread of the finding's message and, so that
// nobody has to look there, in its channel as well.
func (o *OnCall) Page(ctx context.Context, f finding.Finding) error {
	text := "<!subteam^" + o.group + "> " + prose(notify.Card(f, o.n.card).Text, maxText-100)
	channel, opts := o.n.route(f), []api.MsgOption{api.MsgOptionText(text, false)}
	if i := slices.IndexFunc(f.Surfaces, func(s finding.Surface) bool { return s.Kind == surfaceKind && s.ID != "" }); i >= 0 {
		channel = f.Surfaces[i].Channel
		opts = append(opts, api.MsgOptionTS(f.Surfaces[i].ID), api.MsgOptionBroadcast())
	}
	if channel == "" {
		return nil
	}
	if _, _, err := o.n.send(ctx, f.ID, channel, quietly(opts...)...); err != nil {
		return fmt.Errorf("page on-call about finding %s: %w", f.ID, err)
	}
	return nil
}

// Resolve does nothing: the card says how the finding ended.
func (*OnCall) Resolve(context.Context, finding.Finding) error { return nil }
