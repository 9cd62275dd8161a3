package slack

import (
	"context"
	"errors"
	"time"

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

// classified is classify, and has the channel's turns keep to what came of the call.
func (n *Notifier) classified(ctx context.Context, channel, method string, err error) error {
	err = classify(method, err)
	n.turns.answered(ctx, channel, err)
	return err
}

// firstShut and longestShut bound for how long a channel is left alone in which Slack does
// not answer: all of a thousand findings would else wait for it in turn, and each find out
// by itself, minutes apart, that it is back.
const (
	firstShut   = 5 * time.Second
	longestShut = 15 * time.Second
)

// answered notes what came of a call: a channel in which Slack does not answer is left
// alone for a while, longer each time, and so is one for which it asked that. Then one
// message finds out whether Slack is back, and the others go on in line behind it.
func (t *Turns) answered(ctx context.Context, channel string, err error) {
	if t == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{}
	}
	t.mu.Lock()
	n := t.failed[channel]
	delete(t.failed, channel)
	if e.Kind == Down || e.Kind == Lost {
		t.failed[channel] = n + 1
	}
	t.mu.Unlock()
	switch e.Kind {
	case RateLimited:
		t.closeFor(ctx, channel, e.RetryAfter)
	case Down, Lost:
		t.closeFor(ctx, channel, min(firstShut<<min(n, 2), longestShut))
	}
}

// quietly keeps Slack from looking for links and names in the text, and from
// fetching any link it might still find.
func quietly(opts ...api.MsgOption) []api.MsgOption {
	return append(opts, api.MsgOptionParse(false), api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl())
}
