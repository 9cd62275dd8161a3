package slack

import (
	"context"
	"errors"
	"fmt"
	"slices"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

var _ remediate.Announcer = (*Notifier)(nil)

// Announce posts the text to every channel that is not among those told, and
// returns all that are told now. One that fails keeps no other from it.
func (n *Notifier) Announce(ctx context.Context, text string, told []string) ([]string, error) {
	told = slices.Clone(told)
	text = fit(notify.Clean(text), maxText, escape)
	var errs []error
	for _, c := range n.channels {
		if slices.Contains(told, c) {
			continue
		}
		if _, _, err := n.send(ctx, text, c, quietly(api.MsgOptionText(text, false))...); err != nil {
			errs = append(errs, fmt.Errorf("announce in %s: %w", c, err))
			continue
		}
		told = append(told, c)
	}
	return told, errors.Join(errs...)
}
