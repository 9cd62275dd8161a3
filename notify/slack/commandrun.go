package slack

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// next takes the first word off the text.
func next(text string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimSpace(text), " ")
	return word, strings.TrimSpace(rest)
}

// run does what the command says, which was signed at that time, and returns the
// answer, which is safe to show. An error is one that may pass.
func (c *clerk) run(ctx context.Context, cmd command, at time.Time) (string, error) {
	verb, rest := next(cmd.words)
	if verb == "" || verb == "help" {
		return help, nil
	}
	principal, refusal := c.known(ctx, cmd.UserID)
	if refusal != nil {
		c.recordCommandRefusal(ctx, cmd, refusal)
		return safe(refusal.Why), nil
	}
	text, err := c.obey(ctx, verb, rest, principal, cmd.via(), at)
	var refused *finding.RefusedError
	if errors.As(err, &refused) {
		return safe("Not done: " + refused.Why + "."), nil
	}
	return text, err
}

// recordCommandRefusal has it recorded who was kept from pausing or resuming; to
// be kept from a look at findings is no decision that was refused.
func (c *clerk) recordCommandRefusal(ctx context.Context, cmd command, refusal *finding.RefusedError) {
	verb, _ := next(cmd.words)
	if switches(verb) {
		i := cmd.Interaction
		i.Choice = finding.Choice(verb)
		c.recordRefusal(ctx, i, "", refusal)
	}
}

// switches reports whether the command is about the pause.
func switches(verb string) bool { return verb == "pause" || verb == "resume" }

func (c *clerk) obey(ctx context.Context, verb, rest, principal, via string, at time.Time) (string, error) {
	if !switches(verb) { // the desk itself asks who may pause, and records who may not
		if err := c.cfg.Desk.Admits(ctx, principal); err != nil {
			return "", err
		}
	}
	switch verb {
	case "pending":
		return c.pending(ctx)
	case "show":
		return c.show(ctx, rest)
	case "pause":
		duration, reason, ok := pauseFor(rest)
		if !ok {
			return "For how long? Write `/rescind pause for 4h REASON`, with a time such as 90m or 4h.", nil
		}
		p, err := c.cfg.Desk.PauseSigned(ctx, at, principal, via, reason, duration)
		return safe(p.String() + "."), err
	case "resume":
		p, err := c.cfg.Desk.ResumeSigned(ctx, at, principal, via, rest)
		return safe(p.String() + "."), err
	}
	return safe("There is no command "+verb+".") + "\n" + help, nil
}

// defaultPause is how long a pause lasts that says nothing of it, as at the
// command line.
const defaultPause = 24 * time.Hour

func pauseFor(s string) (d time.Duration, reason string, ok bool) {
	word, rest := next(s)
	if word != "for" {
		return defaultPause, s, true
	}
	word, rest = next(rest)
	d, err := time.ParseDuration(word)
	return d, rest, err == nil
}

const help = "`/rescind pending` lists what waits for a decision\n" +
	"`/rescind show ID` shows a finding and what happened to it\n" +
	"`/rescind pause [for 4h] REASON` stops all writes to Google Cloud, for 24 hours at most\n" +
	"`/rescind resume [REASON]` ends a pause\n" +
	"Approvers alone can use them; only you see the answer."
