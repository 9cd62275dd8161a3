package slack

import (
	"context"
	"errors"
	"net/http"

	"github.com/rescind-dev/rescind/remediate"
)

// answer records the click. What was not recorded is said to the person; if
// that cannot be said either, a 500 makes Slack itself show that it failed.
func (h *interactions) answer(ctx context.Context, click Interaction, unreadable error) int {
	why, err := h.record(ctx, click, unreadable)
	if why == "" {
		return http.StatusOK
	}
	log := h.Log.With("finding", click.FindingID, "slack_user", click.UserID, "choice", click.Choice)
	log.InfoContext(ctx, "answer not recorded", "reason", why, "error", err)
	if err := h.notes.send(ctx, click.ResponseURL, why); err != nil {
		log.WarnContext(ctx, "note not delivered", "error", err)
		return http.StatusInternalServerError
	}
	return http.StatusOK
}

// record returns "" once the answer is durable, else what to tell the person,
// and the error behind it.
func (h *interactions) record(ctx context.Context, click Interaction, unreadable error) (why string, err error) {
	if click.TeamID != h.Team || click.UserTeamID != "" && click.UserTeamID != h.Team || h.AppID != "" && click.AppID != h.AppID {
		return "Not recorded: this can be answered from its own Slack workspace only.", nil
	}
	if unreadable != nil {
		return "Not recorded: this button is from another version of rescind. The finding's own page, or the newest card, has the answer that counts.", unreadable
	}
	principal, err := h.Approvers(ctx, click.UserID)
	var refused *remediate.RefusedError
	switch {
	case errors.As(err, &refused):
		return "Not recorded: " + refused.Why + ".", err
	case err != nil:
		return "Not recorded: whether you may answer could not be looked up. That is a failed look-up, not a no; please try again.", err
	case principal == "":
		return "Not recorded: you are not among those who may answer.", nil
	}
	return h.pass(ctx, click, principal)
}

func (h *interactions) pass(ctx context.Context, click Interaction, principal string) (why string, err error) {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	_, err = h.Answers.Answer(ctx, click.FindingID, remediate.Answer{
		Choice: click.Choice, Principal: principal, Via: "slack:" + click.TeamID + "/" + click.UserID,
		At: h.Now(), Revision: click.Revision, Digest: click.Digest8,
	})
	var refused *remediate.RefusedError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &refused):
		return "Not recorded: " + refused.Why, nil
	case errors.Is(err, remediate.ErrNotFound):
		return "Not recorded: rescind knows no such finding any more.", err
	case errors.Is(err, context.DeadlineExceeded):
		return "It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again.", err
	}
	return "Not recorded: it could not be stored. Nothing was decided; please try again.", err
}
