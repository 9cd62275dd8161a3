package slack

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/rescind-dev/rescind/remediate/desk"
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
	return r.handler(CommandsPath, func(ctx context.Context, s desk.Signed) reply {
		c, err := parseCommand(s.Body)
		if err != nil {
			r.cfg.Log.WarnContext(ctx, "command unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		return r.command(ctx, s, c)
	})
}

func (r *Receiver) command(ctx context.Context, s desk.Signed, c command) reply {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	if r.cfg.Courier != nil {
		if err := r.cfg.Courier.Send(ctx, s); err != nil {
			r.cfg.Log.WarnContext(ctx, "command not passed on", "slack_user", c.UserID, "error", err)
			return reply{body: ephemeral(sayTryAgain)}
		}
		return reply{body: ephemeral(sayWorking)}
	}
	text, _, err := r.carryOut(ctx, s, c)
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "command not carried out", "slack_user", c.UserID, "error", err)
		text = sayTryAgain
	}
	return reply{body: ephemeral(text)}
}

// carryOut does what the command says, if it is one of this workspace, and returns
// what to tell the person, and whether they were told before.
func (r *Receiver) carryOut(ctx context.Context, s desk.Signed, c command) (text string, again bool, err error) {
	if r.foreign(c.Interaction) {
		r.clerk.recordCommandRefusal(ctx, c, &finding.RefusedError{Class: finding.ClassIdentity, Why: sayElsewhere})
		return sayElsewhere, false, nil
	}
	at := r.signedAt(s)
	if verb, _ := next(c.words); !switches(verb) { // it shows something, and changes nothing
		text, err = r.clerk.run(ctx, c, at)
		return text, false, err
	}
	text, again, err = r.once(ctx, s, at, func(ctx context.Context) (string, error) { return r.clerk.run(ctx, c, at) })
	if finding.ClassOf(err) == finding.ClassLate {
		late := &finding.RefusedError{Class: finding.ClassLate, Why: finding.ReasonOf(err)}
		r.clerk.recordCommandRefusal(ctx, c, late)
		return safe("Not done: " + late.Why + "."), false, nil
	}
	return text, again, err
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
func (r *Receiver) takeCommand(ctx context.Context, s desk.Signed) error {
	c, err := parseCommand(s.Body)
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "command unreadable", "error", err)
		return nil
	}
	text, again, err := r.carryOut(ctx, s, c)
	if err != nil || again {
		return err
	}
	if err := r.whisper(ctx, c.Interaction, text); err != nil {
		r.cfg.Log.WarnContext(ctx, "note not delivered", "slack_user", c.UserID, "error", err)
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
