package slack

import (
	"context"
	"errors"

	api "github.com/slack-go/slack"
)

// send posts a message about somebody, a finding or a group, when its channel
// has a turn for one.
func (n *Notifier) send(ctx context.Context, who, channel string, opts ...api.MsgOption) (id, ts string, err error) {
	if err := n.turns.take(ctx, who, channel, "chat.postMessage"); err != nil {
		return "", "", err
	}
	id, ts, err = n.api.PostMessageContext(ctx, channel, opts...)
	return id, ts, n.classified(ctx, channel, "chat.postMessage", err)
}

// rewrite replaces a message likewise.
func (n *Notifier) rewrite(ctx context.Context, who, channel, ts string, opts ...api.MsgOption) error {
	if err := n.turns.take(ctx, who, channel, "chat.update"); err != nil {
		return err
	}
	_, _, _, err := n.api.UpdateMessageContext(ctx, channel, ts, opts...)
	return n.classified(ctx, channel, "chat.update", err)
}

// classified is classify, and keeps to what Slack says about its limits.
func (n *Notifier) classified(ctx context.Context, channel, method string, err error) error {
	err = classify(method, err)
	var e *Error
	if errors.As(err, &e) && e.Kind == RateLimited {
		n.turns.closeFor(ctx, channel, e.RetryAfter)
	}
	return err
}

// quietly keeps Slack from looking for links and names in the text, and from
// fetching any link it might still find.
func quietly(opts ...api.MsgOption) []api.MsgOption {
	return append(opts, api.MsgOptionParse(false), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl())
}
