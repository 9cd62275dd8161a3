package sandbox

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Click is a button somebody presses in Slack, and what they fill in where it
// asks for a reason.
type Click struct{ User, Name, Action, Reason, Term string }

// Answer presses a button of each card that shows the findings and waits for
// what follows: the end of the findings, if the answer is the last it takes.
func (w *World) Answer(ctx context.Context, out io.Writer, ids []string, c Click, last bool) error {
	pressed := map[string]bool{}
	for _, id := range ids {
		m, ok := w.Card(id)
		if !ok {
			return fmt.Errorf("finding %s has no card in Slack", id)
		}
		if pressed[m.TS] {
			continue
		}
		pressed[m.TS] = true
		if err := w.Press(ctx, out, m, c); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := w.WaitUntil(ctx, id, func(s state.State) bool { return s.Ended() || !last }); err != nil {
			return err
		}
	}
	return nil
}

// Press presses a button of the card, and fills in the form that it opens.
func (w *World) Press(ctx context.Context, out io.Writer, m simslack.Message, c Click) error {
	if err := w.Slack.Click(ctx, c.User, m.Channel, m.TS, c.Action); err != nil {
		return err
	}
	terminal.Say(out, "   slack    %s presses %s", c.Name, c.Action)
	if c.Reason == "" {
		return nil
	}
	return w.fillForm(ctx, out, c)
}

// fillForm sends off the form that the click opened.
func (w *World) fillForm(ctx context.Context, out io.Writer, c Click) error {
	for _, v := range w.Slack.Views() {
		if v.User != c.User {
			continue
		}
		terminal.Say(out, "   slack    %s is asked for a reason, and gives it: %s", c.Name, c.Reason)
		return w.Slack.Submit(ctx, c.User, v.ID, map[string]string{"reason": c.Reason, "term": c.Term})
	}
	return fmt.Errorf("%s opened no form", c.Action)
}

// Card is the message that shows the finding.
func (w *World) Card(id string) (simslack.Message, bool) {
	for _, m := range w.Slack.Messages() {
		if m.Thread == "" && bytes.Contains(m.Blocks, []byte(id)) {
			return m, true
		}
	}
	return simslack.Message{}, false
}

// WaitUntil waits until the worker owes nothing for the finding, nor for an undo
// of it, and it is in a wanted state; for a minute at most.
func (w *World) WaitUntil(ctx context.Context, id string, wanted func(state.State) bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		f, err := w.App.Store().Finding(ctx, id)
		if err != nil {
			return fmt.Errorf("wait for finding %s: %w", id, err)
		}
		if wanted(f.State) && len(f.Outbox) == 0 && w.undosEnded(ctx, id) {
			return nil
		}
		if err := process.Wait(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("finding %s is still %s (%s), and owes %q", id, f.State, f.Why, f.Outbox)
		}
	}
}

func (w *World) undosEnded(ctx context.Context, id string) bool {
	all, err := w.App.Store().Findings(ctx, finding.Query{})
	return err == nil && !slices.ContainsFunc(all, func(f finding.Finding) bool {
		return f.UndoOf == id && (!f.State.Ended() || len(f.Outbox) > 0)
	})
}
