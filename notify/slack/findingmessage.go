package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/remediate/finding"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
)

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
		api.MsgOptionText(prose(lines, maxText), false), api.MsgOptionBlocks(block))...)
	if err != nil {
		return fmt.Errorf("continue the thread of finding %s: %w", f.ID, err)
	}
	s.Told = len(f.Timeline)
	return nil
}

// drawnNow is how a card is drawn at this moment.
func (n *Notifier) drawnNow() notify.Options {
	card := n.card
	card.Now = n.now()
	return card
}

func (n *Notifier) options(f finding.Finding) []api.MsgOption {
	text, blocks := Render(notify.Card(f, n.drawnNow()))
	return quietly(api.MsgOptionText(text, false), api.MsgOptionBlocks(blocks...),
		// Every app in the workspace can read metadata: ids only.
		api.MsgOptionMetadata(api.SlackMetadata{
			EventType:    "rescind_finding",
			EventPayload: map[string]any{"finding": f.ID, "revision": f.Revision},
		}))
}
