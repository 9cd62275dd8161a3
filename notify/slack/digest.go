package slack

import (
	"context"
	"errors"
	"fmt"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

var _ remediate.RoundupNotifier = (*Notifier)(nil)

// EveryChannel lists the channels that findings are routed to.
func (n *Notifier) EveryChannel() []string { return n.channels }

// NotifyDigest posts the channel's digest, or rewrites it; one that can no
// longer be rewritten is posted anew, again without a number.
func (n *Notifier) NotifyRoundup(ctx context.Context, d remediate.Roundup, s remediate.RoundupContent) (finding.Surface, error) {
	if d.Message.ID != "" {
		err := n.rewrite(ctx, "digest", d.Message.Channel, d.Message.ID, digestOptions(d, notify.Digest(d, s, n.card))...)
		var e *Error
		switch gone := errors.As(err, &e) && e.Kind == Gone; {
		case err == nil:
			return d.Message, nil
		case !gone:
			return d.Message, fmt.Errorf("show the digest of %s: %w", d.Channel, err)
		}
		d.Message = finding.Surface{}
		if s.Done {
			return d.Message, nil // nobody needs it any more
		}
	}
	id, ts, err := n.send(ctx, "digest", d.Channel, digestOptions(d, notify.Digest(d, s, n.card))...)
	if err != nil {
		return d.Message, fmt.Errorf("show the digest of %s: %w", d.Channel, err)
	}
	return finding.Surface{Kind: surfaceKind, Channel: id, ID: ts}, nil
}

func digestOptions(d remediate.Roundup, m notify.Message) []api.MsgOption {
	text, blocks := renderDigest(m)
	return quietly(api.MsgOptionText(text, false), api.MsgOptionBlocks(blocks...),
		api.MsgOptionMetadata(api.SlackMetadata{EventType: "rescind_digest", EventPayload: map[string]any{"draws": d.Draws}}))
}

// renderDigest lays a digest out as Render does a card: without an id, which
// nobody could ask for, and without buttons.
func renderDigest(m notify.Message) (text string, blocks []api.Block) {
	m.Finding = "digest"
	r := renderer{m}
	blocks = append(blocks, r.header(), r.status())
	for _, b := range []api.Block{r.fields(), r.diff()} {
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	var parts []api.MixedElement
	if m.Note != "" {
		parts = append(parts, markdown(fit(m.Note, maxDigestNote, escape)))
	}
	if l := link(m.Link); l != "" {
		parts = append(parts, markdown("<"+l+"|All that are pending>"))
	}
	if len(parts) > 0 {
		blocks = append(blocks, api.NewContextBlock(r.id("c"), parts...))
	}
	return fit(m.Text, maxText, escape), blocks
}

// maxDigestNote is more than a card's caution has: a digest has no buttons to
// leave room for.
const maxDigestNote = 600
