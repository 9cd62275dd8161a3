package slack

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/finding"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

var _ remediate.RoundupNotifier = (*Notifier)(nil)

// NotifyRoundup posts the channel's roundup, or rewrites it; one that can no
// longer be rewritten is posted anew, again without a number.
func (n *Notifier) NotifyRoundup(ctx context.Context, d remediate.Roundup, s remediate.RoundupContent) (finding.Surface, error) {
	if d.Message.ID != "" {
		err := n.rewrite(ctx, "roundup", d.Message.Channel, d.Message.ID, roundupOptions(d, notify.Roundup(d, s, n.card))...)
		var e *Error
		switch gone := errors.As(err, &e) && e.Kind == Gone; {
		case err == nil:
			return d.Message, nil
		case !gone:
			return d.Message, fmt.Errorf("show the roundup of %s: %w", d.Channel, err)
		}
		d.Message = finding.Surface{}
		if s.Done {
			return d.Message, nil // nobody needs it any more
		}
	}
	id, ts, err := n.send(ctx, "roundup", d.Channel, roundupOptions(d, notify.Roundup(d, s, n.card))...)
	if err != nil {
		return d.Message, fmt.Errorf("show the roundup of %s: %w", d.Channel, err)
	}
	return finding.Surface{Kind: surfaceKind, Channel: id, ID: ts}, nil
}

func roundupOptions(d remediate.Roundup, m notify.Message) []api.MsgOption {
	text, blocks := renderRoundup(m)
	return quietly(api.MsgOptionText(text, false), api.MsgOptionBlocks(blocks...),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: "rescind_digest", EventPayload: map[string]any{"draws": d.Draws}}))
}

// renderRoundup lays a roundup out as Render does a card: without an id, which
// nobody could ask for, and without buttons.
func renderRoundup(m notify.Message) (text string, blocks []api.Block) {
	m.Finding = "roundup"
	r := renderer{m}
	blocks = append(blocks, r.header(), r.status())
	for _, b := range []api.Block{r.fields(), r.diff()} {
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	var parts []api.MixedElement
	if m.Note != "" {
		parts = append(parts, markdown(prose(m.Note, maxRoundupNote)))
	}
	if l := link(m.Link); l != "" {
		parts = append(parts, markdown("<"+l+"|All that are pending>"))
	}
	if len(parts) > 0 {
		blocks = append(blocks, api.NewContextBlock(r.id("c"), parts...))
	}
	return prose(m.Text, maxText), blocks
}

// maxRoundupNote is more than a card's caution has: a roundup has no buttons to
// leave room for.
const maxRoundupNote = 600
