package slack

import (
	"context"
	"errors"
	"net/http"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Interactions is the handler of POST /slack/interactions: clicks and forms. It
// says 200 once the answer is durable, in the store or with the courier;
// carrying it out is a worker's. An answer that was not recorded is explained,
// to the person alone.
func (r *Receiver) Interactions() http.Handler {
	return r.handler(InteractionsPath, func(ctx context.Context, s desk.Signed) reply {
		i, err := Parse(s.Body)
		return r.interact(ctx, s, i, err)
	})
}

// interact does what a verified interaction asks, in the time that Slack waits.
func (r *Receiver) interact(ctx context.Context, s desk.Signed, i Interaction, unreadable error) reply {
	refused, done := r.refusedAtTheDoor(i, unreadable)
	var mistakes *FormError
	switch {
	case refused != nil && r.cfg.Courier != nil: // who has the ledger records it, and tells the person
		return r.pass(ctx, s, i)
	case refused != nil:
		r.clerk.recordRefusal(ctx, i, "", refused)
		return r.explain(ctx, i, notRecorded+refused.Why, unreadable)
	case errors.As(unreadable, &mistakes):
		return reply{body: formErrors(mistakes.Wrong)}
	case unreadable != nil:
		r.cfg.Log.WarnContext(ctx, "interaction unreadable", "error", unreadable)
		return failed(http.StatusBadRequest)
	case done:
		return reply{}
	case i.opens():
		return r.open(ctx, s, i)
	case r.cfg.Courier != nil:
		return r.pass(ctx, s, i)
	}
	return r.record(ctx, s, i)
}

// refusedAtTheDoor says why the interaction is none of ours, or that there is
// nothing to do about it, as far as that can be told without a store.
func (r *Receiver) refusedAtTheDoor(i Interaction, unreadable error) (refused *finding.RefusedError, done bool) {
	switch {
	case i.TeamID == "": // not even that could be read
		return nil, false
	case i.Source == FormClosed:
		return nil, true
	case unreadable == nil && !i.decides() && !i.opens() && !i.Page: // a link to the finding's page
		return nil, true
	case r.foreign(i):
		return &finding.RefusedError{Class: finding.ClassIdentity, Why: sayForeign}, false
	case errors.Is(unreadable, ErrButton):
		return &finding.RefusedError{Class: finding.ClassInvalid, Why: sayOld}, false
	}
	return nil, false
}

// foreign reports whether what was done is of another workspace or app.
func (r *Receiver) foreign(i Interaction) bool {
	return i.TeamID != r.cfg.Team || i.UserTeamID != "" && i.UserTeamID != r.cfg.Team || r.cfg.AppID != "" && i.AppID != r.cfg.AppID
}

// open shows the form that the click asks for, from what the click says alone:
// whoever is reachable from the internet need not be able to read findings. What
// the finding is, the worker fills in.
func (r *Receiver) open(ctx context.Context, s desk.Signed, i Interaction) reply {
	form, _ := i.form() // opens said that there is one
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if _, err := r.api.OpenViewContext(opening, i.TriggerID, formView(form, i)); err != nil {
		return r.explain(ctx, i, sayNoForm, classify("views.open", err))
	}
	if r.cfg.Courier != nil {
		if err := r.cfg.Courier.Send(ctx, s); err != nil {
			r.cfg.Log.WarnContext(ctx, "form not filled in", "finding", i.FindingID, "error", err)
		}
		return reply{}
	}
	if r.cfg.Later != nil {
		r.cfg.Later(func(ctx context.Context) { _ = r.fillIn(ctx, i) })
	}
	return reply{}
}

// pass hands the signed request on as it came.
func (r *Receiver) pass(ctx context.Context, s desk.Signed, i Interaction) reply {
	sending, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	if err := r.cfg.Courier.Send(sending, s); err != nil {
		return r.explain(ctx, i, sayNotSent, err)
	}
	return reply{}
}

// record answers here and now.
func (r *Receiver) record(ctx context.Context, s desk.Signed, i Interaction) reply {
	recording, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	say, _, err := r.do(recording, s, i)
	switch {
	case say != "":
	case errors.Is(err, context.DeadlineExceeded):
		say = saySlow
	case err != nil:
		say = sayNoStore
	default:
		return reply{}
	}
	return r.explain(ctx, i, say, err)
}

// explain tells the person in private. A form says so itself. If nothing else
// can, a 500 makes Slack show that it failed.
func (r *Receiver) explain(ctx context.Context, i Interaction, why string, err error) reply {
	log := r.cfg.Log.With("finding", i.FindingID, "slack_user", i.UserID, "choice", i.Choice)
	log.InfoContext(ctx, "told in private", "text", why, "error", err)
	if i.Source == FromForm {
		return reply{body: formErrors(map[string]string{blockReason: why})}
	}
	if err := r.privately(ctx, i, why); err != nil {
		log.WarnContext(ctx, "note not delivered", "error", err)
		return failed(http.StatusInternalServerError)
	}
	return reply{}
}

// formErrors keeps a form open and says what is wrong with it.
// https://docs.slack.dev/surfaces/modals#displaying_errors
func formErrors(wrong map[string]string) map[string]any {
	short := map[string]string{}
	for block, why := range wrong {
		short[block] = fit(why, maxAskText, blunt)
	}
	return map[string]any{"response_action": "errors", "errors": short}
}
