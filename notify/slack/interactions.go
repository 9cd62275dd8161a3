package slack

import (
	"context"
	"errors"
	"net/http"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Interactions is the handler of POST /slack/interactions: clicks and forms. It
// says 200 once the answer is durable, in the store or with the courier;
// carrying it out is a worker's. An answer that was not recorded is explained,
// to the person alone.
func (r *Receiver) Interactions() http.Handler {
	return r.handler(InteractionsPath, func(ctx context.Context, s remediate.Signed) reply {
		i, err := Parse(s.Body)
		return r.interact(ctx, s, i, err)
	})
}

// What people are told of an answer that was not recorded.
const (
	notRecorded = "Not recorded: "
	sayForeign  = "this can be answered from its own Slack workspace only."
	sayOld      = "this button is from another version of rescind. The finding's own page, or the newest card, has the answer that counts."
	sayNoForm   = "The form could not be opened. Nothing was decided; please click again."
	sayNotSent  = "Not recorded: it could not be passed on. Nothing was decided; please try again."
	sayNoStore  = "Not recorded: it could not be stored. Nothing was decided; please try again."
	saySlow     = "It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again."
	sayNoLookup = "whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."
	sayNobody   = "you are not among those who may answer."
	sayUnknown  = "Not recorded: rescind knows no such finding any more."
	sayNowhere  = "this card stands where rescind does not show this finding."
	sayNoOnCall = "Nobody was paged: no on-call is configured."
)

// interact does what a verified interaction asks, in the time that Slack waits.
func (r *Receiver) interact(ctx context.Context, s remediate.Signed, i Interaction, unreadable error) reply {
	refused, done := r.refusedAtTheDoor(i, unreadable)
	var mistakes *FormError
	switch {
	case refused != nil && r.Courier != nil: // who has the ledger takes it down, and tells the person
		return r.pass(ctx, s, i)
	case refused != nil:
		r.Clerk.refused(ctx, i, "", refused)
		return r.explain(ctx, i, notRecorded+refused.Why, unreadable)
	case errors.As(unreadable, &mistakes):
		return reply{body: formErrors(mistakes.Wrong)}
	case unreadable != nil:
		r.Log.WarnContext(ctx, "interaction unreadable", "error", unreadable)
		return failed(http.StatusBadRequest)
	case done:
		return reply{}
	case i.opens():
		return r.open(ctx, s, i)
	case r.Courier != nil:
		return r.pass(ctx, s, i)
	}
	return r.record(ctx, i)
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
	return i.TeamID != r.Team || i.UserTeamID != "" && i.UserTeamID != r.Team || r.AppID != "" && i.AppID != r.AppID
}

// open shows the form that the click asks for, from what the click says alone:
// whoever is reachable from the internet need not be able to read findings. What
// the finding is, the worker fills in.
func (r *Receiver) open(ctx context.Context, s remediate.Signed, i Interaction) reply {
	form, _ := i.form() // opens said that there is one
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	if _, err := r.api.OpenViewContext(opening, i.TriggerID, formView(form, i)); err != nil {
		return r.explain(ctx, i, sayNoForm, classify("views.open", err))
	}
	if r.Courier != nil {
		if err := r.Courier.Send(ctx, s); err != nil {
			r.Log.WarnContext(ctx, "form not filled in", "finding", i.FindingID, "error", err)
		}
		return reply{}
	}
	if r.Later != nil {
		r.Later(func(ctx context.Context) { _ = r.fillIn(ctx, i) })
	}
	return reply{}
}

// pass hands the signed request on as it came.
func (r *Receiver) pass(ctx context.Context, s remediate.Signed, i Interaction) reply {
	sending, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	if err := r.Courier.Send(sending, s); err != nil {
		return r.explain(ctx, i, sayNotSent, err)
	}
	return reply{}
}

// record answers here and now.
func (r *Receiver) record(ctx context.Context, i Interaction) reply {
	recording, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	said, err := r.Clerk.do(recording, i, r.Now())
	switch {
	case said != "":
	case errors.Is(err, context.DeadlineExceeded):
		said = saySlow
	case err != nil:
		said = sayNoStore
	default:
		return reply{}
	}
	return r.explain(ctx, i, said, err)
}

// explain tells the person in private. A form says so itself. If nothing else
// can, a 500 makes Slack show that it failed.
func (r *Receiver) explain(ctx context.Context, i Interaction, why string, err error) reply {
	log := r.Log.With("finding", i.FindingID, "slack_user", i.UserID, "choice", i.Choice)
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
	said := map[string]string{}
	for block, why := range wrong {
		said[block] = fit(why, maxAskText, blunt)
	}
	return map[string]any{"response_action": "errors", "errors": said}
}
