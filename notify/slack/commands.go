package slack

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// command is one slash command, as Slack reports it.
// https://docs.slack.dev/interactivity/implementing-slash-commands
type command struct {
	Interaction // who, and where to answer
	words       string
}

// slashCommand is the one that the app's manifest has.
const slashCommand = "/rescind"

const sayWorking = "Working on it…"

// Commands is the handler of POST /slack/commands. The answer is for the person
// alone; one that travels is announced, and comes by the response URL.
func (r *Receiver) Commands() http.Handler {
	return r.handler(CommandsPath, func(ctx context.Context, s remediate.Signed) reply {
		c, err := parseCommand(s.Body)
		if err != nil {
			r.Log.WarnContext(ctx, "command unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		return r.command(ctx, s, c)
	})
}

func (r *Receiver) command(ctx context.Context, s remediate.Signed, c command) reply {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	if r.Courier != nil {
		if err := r.Courier.Send(ctx, s); err != nil {
			r.Log.WarnContext(ctx, "command not passed on", "slack_user", c.UserID, "error", err)
			return reply{body: ephemeral(sayTryAgain)}
		}
		return reply{body: ephemeral(sayWorking)}
	}
	text, err := r.carryOut(ctx, c)
	if err != nil {
		r.Log.WarnContext(ctx, "command not carried out", "slack_user", c.UserID, "error", err)
		text = sayTryAgain
	}
	return reply{body: ephemeral(text)}
}

// carryOut does what the command says, if it is one of this workspace, and
// returns what to tell the person.
func (r *Receiver) carryOut(ctx context.Context, c command) (string, error) {
	if r.foreign(c.Interaction) {
		r.Clerk.turnAway(ctx, c, &finding.RefusedError{Class: finding.ClassIdentity, Why: sayElsewhere})
		return sayElsewhere, nil
	}
	return r.Clerk.run(ctx, c)
}

const (
	sayElsewhere = "This can be asked from rescind's own Slack workspace only."
	sayTryAgain  = "That did not work, and nothing was changed as far as can be told; please try again."
)

// ephemeral is an answer that one person alone sees, in Slack's markup.
func ephemeral(text string) map[string]any {
	return map[string]any{"response_type": "ephemeral", "text": text}
}

// takeCommand answers a command that travelled.
func (r *Receiver) takeCommand(ctx context.Context, s remediate.Signed) error {
	c, err := parseCommand(s.Body)
	if err != nil {
		r.Log.WarnContext(ctx, "command unreadable", "error", err)
		return nil
	}
	text, err := r.carryOut(ctx, c)
	if err != nil {
		return err
	}
	if err := r.whisper(ctx, c.Interaction, text); err != nil {
		r.Log.WarnContext(ctx, "note not delivered", "slack_user", c.UserID, "error", err)
	}
	return nil
}

func parseCommand(body []byte) (command, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return command{}, errors.New("read command: the body is not a form")
	}
	one := func(key string) string {
		if len(form[key]) != 1 {
			return ""
		}
		return form[key][0]
	}
	c := command{words: one("text"), Interaction: Interaction{
		TeamID: one("team_id"), AppID: one("api_app_id"), UserID: one("user_id"), Channel: one("channel_id"), ResponseURL: one("response_url"),
	}}
	if one("command") != slashCommand {
		return command{}, errors.New("read command: it is not " + slashCommand)
	}
	return c, present(named{"team", c.TeamID}, named{"user", c.UserID}, named{"app", c.AppID}, named{"channel", c.Channel})
}

// next takes the first word off the text.
func next(text string) (word, rest string) {
	word, rest, _ = strings.Cut(strings.TrimSpace(text), " ")
	return word, strings.TrimSpace(rest)
}

// run does what the command says and returns the answer, which is safe to show.
// An error is one that may pass.
func (c *Clerk) run(ctx context.Context, cmd command) (string, error) {
	verb, rest := next(cmd.words)
	if verb == "" || verb == "help" {
		return help, nil
	}
	principal, no := c.known(ctx, cmd.UserID)
	if no != nil {
		c.turnAway(ctx, cmd, no)
		return safe(no.Why), nil
	}
	text, err := c.obey(ctx, verb, rest, principal, cmd.via())
	var refused *finding.RefusedError
	if errors.As(err, &refused) {
		return safe("Not done: " + refused.Why + "."), nil
	}
	return text, err
}

// turnAway has it taken down who was kept from pausing or resuming; to be kept
// from a look at findings is no decision that was refused.
func (c *Clerk) turnAway(ctx context.Context, cmd command, no *finding.RefusedError) {
	verb, _ := next(cmd.words)
	if switches(verb) {
		i := cmd.Interaction
		i.Choice = finding.Choice(verb)
		c.refused(ctx, i, "", no)
	}
}

// switches reports whether the command is about the pause.
func switches(verb string) bool { return verb == "pause" || verb == "resume" }

func (c *Clerk) obey(ctx context.Context, verb, rest, principal, via string) (string, error) {
	if !switches(verb) { // the desk itself asks who may pause, and takes down who may not
		if err := c.Desk.Admits(ctx, principal); err != nil {
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
		p, err := c.Desk.Pause(ctx, principal, via, reason, duration)
		return safe(p.String() + "."), err
	case "resume":
		p, err := c.Desk.Resume(ctx, principal, via, rest)
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
