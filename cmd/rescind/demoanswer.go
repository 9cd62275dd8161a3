package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// answer presses a button of each card that shows the findings and waits for
// what follows: the end of the findings, if the answer is the last it takes.
func (d *demo) answer(ctx context.Context, out io.Writer, ids []string, c click, last bool) error {
	pressed := map[string]bool{}
	for _, id := range ids {
		m, ok := d.card(id)
		if !ok {
			return fmt.Errorf("finding %s has no card in Slack", id)
		}
		if pressed[m.TS] {
			continue
		}
		pressed[m.TS] = true
		if err := d.press(ctx, out, m, c); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := d.waitUntil(ctx, id, func(s remediate.State) bool { return s.Ended() || !last }); err != nil {
			return err
		}
	}
	return nil
}

// press presses a button of the card, and fills in the form that it opens.
func (d *demo) press(ctx context.Context, out io.Writer, m simslack.Message, c click) error {
	if err := d.slack.Click(ctx, c.user, m.Channel, m.TS, c.action); err != nil {
		return err
	}
	say(out, "   slack    %s presses %s", c.name, c.action)
	if c.reason == "" {
		return nil
	}
	return d.fillForm(ctx, out, c)
}

// fillForm sends off the form that the click opened.
func (d *demo) fillForm(ctx context.Context, out io.Writer, c click) error {
	for _, v := range d.slack.Views() {
		if v.User != c.user {
			continue
		}
		say(out, "   slack    %s is asked for a reason, and gives it: %s", c.name, c.reason)
		return d.slack.Submit(ctx, c.user, v.ID, map[string]string{"reason": c.reason, "term": c.term})
	}
	return fmt.Errorf("%s opened no form", c.action)
}

// card is the message that shows the finding.
func (d *demo) card(id string) (simslack.Message, bool) {
	for _, m := range d.slack.Messages() {
		if m.Thread == "" && bytes.Contains(m.Blocks, []byte(id)) {
			return m, true
		}
	}
	return simslack.Message{}, false
}

// waitFor waits until the worker is done with the finding.
func (d *demo) waitFor(ctx context.Context, id string) error {
	return d.waitUntil(ctx, id, remediate.State.Ended)
}

// waitUntil waits until the worker owes nothing for the finding, nor for an undo
// of it, and it is in a wanted state; for a minute at most.
func (d *demo) waitUntil(ctx context.Context, id string, wanted func(remediate.State) bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		f, err := d.app.Store.Finding(ctx, id)
		if err != nil {
			return fmt.Errorf("wait for finding %s: %w", id, err)
		}
		if wanted(f.State) && len(f.Outbox) == 0 && d.undosEnded(ctx, id) {
			return nil
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("finding %s is still %s (%s), and owes %q", id, f.State, f.Why, f.Outbox)
		}
	}
}

func (d *demo) undosEnded(ctx context.Context, id string) bool {
	all, err := d.app.Store.Findings(ctx, remediate.Query{})
	return err == nil && !slices.ContainsFunc(all, func(f remediate.Finding) bool {
		return f.UndoOf == id && (!f.State.Ended() || len(f.Outbox) > 0)
	})
}
