package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/remediate/finding"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

var _ remediate.GroupNotifier = (*Notifier)(nil)

// Channel is where the finding's message belongs.
func (n *Notifier) Channel(f finding.Finding) string { return n.route(f) }

// Ready returns a *fault.BusyError if the channel has no turn now.
func (n *Notifier) Ready(g remediate.Group) error {
	if len(g.Surfaces) > 0 {
		return n.turns.ready(g.ID, g.Cause.Channel, "chat.update")
	}
	return n.turns.ready(g.ID, g.Cause.Channel, "chat.postMessage")
}

// NotifyGroup shows the group in one message: the one that was its first
// finding's own. A surface says with Rendered which of the group's changes it
// shows, and with Told how much of its timeline the thread has.
func (n *Notifier) NotifyGroup(ctx context.Context, g remediate.Group, items []finding.Finding) ([]finding.Surface, error) {
	v := groupMessage{g, notify.GroupCard(g, items, n.drawnNow())}
	surfaces := slices.Clone(g.Surfaces)
	if !slices.ContainsFunc(surfaces, func(s finding.Surface) bool { return s.Kind == surfaceKind }) {
		s, err := n.postGroup(ctx, v)
		if err != nil {
			return surfaces, err
		}
		return append(surfaces, s), nil
	}
	var errs []error
	for i := range surfaces {
		if surfaces[i].Kind == surfaceKind {
			errs = append(errs, n.refreshGroup(ctx, v, &surfaces[i]))
		}
	}
	return surfaces, errors.Join(errs...)
}

type groupMessage struct {
	remediate.Group
	card notify.Message
}

func (v groupMessage) options() []api.MsgOption {
	text, blocks := Render(v.card)
	return quietly(api.MsgOptionText(text, false), api.MsgOptionBlocks(blocks...),
		api.MsgOptionMetadata(api.SlackMetadata{
			EventType:    "rescind_group",
			EventPayload: map[string]any{"group": v.ID, "revision": v.Revision},
		}))
}

func (n *Notifier) postGroup(ctx context.Context, v groupMessage) (finding.Surface, error) {
	id, ts, err := n.send(ctx, v.ID, v.Cause.Channel, v.options()...)
	if err != nil {
		return finding.Surface{}, fmt.Errorf("show group %s: %w", v.ID, err)
	}
	return finding.Surface{Kind: surfaceKind, Channel: id, ID: ts, Rendered: v.Changes, Told: len(v.Timeline)}, nil
}

func (n *Notifier) refreshGroup(ctx context.Context, v groupMessage, s *finding.Surface) error {
	if s.Rendered < v.Changes || s.ID == "" {
		if err := n.updateGroup(ctx, v, s); err != nil {
			return err
		}
	}
	return n.tell(ctx, finding.Finding{ID: v.ID, Timeline: v.Timeline}, s)
}

func (n *Notifier) updateGroup(ctx context.Context, v groupMessage, s *finding.Surface) error {
	if s.ID != "" {
		err := n.rewrite(ctx, v.ID, s.Channel, s.ID, v.options()...)
		var e *Error
		if gone := errors.As(err, &e) && e.Kind == Gone; err != nil && !gone {
			return fmt.Errorf("show group %s: %w", v.ID, err)
		} else if !gone {
			s.Rendered = v.Changes
			return nil
		}
		s.ID = ""
	}
	fresh, err := n.postGroup(ctx, v)
	if err == nil {
		*s = fresh
	}
	return err
}
