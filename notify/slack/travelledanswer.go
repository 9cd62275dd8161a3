package slack

import (
	"context"
	"errors"
	"net/http"

	"github.com/rescind-dev/rescind/remediate/desk"
)

// Take does what a signed request asks that travelled: the same as if it had
// come here at once, notes included. It verifies the signature again, against
// the time at which the request was published, as whoever can publish is not
// yet Slack. It returns nil when the request is done with, also refused; with an
// error it must come again. It may come twice: the second time changes nothing, and
// tells nobody anything. What was signed more than an hour ago is refused.
func (r *Receiver) Take(ctx context.Context, s desk.Signed) error {
	h := http.Header{}
	for k, v := range s.Header {
		h.Add(k, v)
	}
	unsigned := s.Kind != desk.SignedBySlack
	if err := Verify(h, s.Body, r.cfg.Secrets, s.At); err != nil || unsigned {
		r.cfg.Log.WarnContext(ctx, "request refused", "path", s.Path, "error", ErrUnsigned)
		return nil //nolint:nilerr // it will be as unsigned the next time
	}
	if r.clerk == nil {
		return errors.New("take a request of Slack's: nobody here answers")
	}
	switch s.Path {
	case InteractionsPath:
		return r.takeInteraction(ctx, s)
	case CommandsPath:
		return r.takeCommand(ctx, s)
	case EventsPath:
		return r.takeEvent(ctx, s)
	}
	r.cfg.Log.WarnContext(ctx, "request unreadable", "path", s.Path)
	return nil
}

func (r *Receiver) takeInteraction(ctx context.Context, s desk.Signed) error {
	i, unreadable := Parse(s.Body)
	refused, done := r.refusedAtTheDoor(i, unreadable)
	switch {
	case refused != nil:
		r.clerk.recordRefusal(ctx, i, "", refused)
		r.note(ctx, i, notRecorded+refused.Why, unreadable)
		return nil
	case unreadable != nil:
		r.cfg.Log.WarnContext(ctx, "interaction unreadable", "error", unreadable)
		return nil
	case done:
		return nil
	case i.opens():
		return r.fillIn(ctx, i)
	}
	say, again, err := r.do(ctx, s, i)
	if say == "" || again {
		return err
	}
	r.note(ctx, i, say, err)
	return nil
}

// note tells the person in private, as well as it can be done.
func (r *Receiver) note(ctx context.Context, i Interaction, text string, err error) {
	log := r.cfg.Log.With("finding", i.FindingID, "slack_user", i.UserID, "choice", i.Choice)
	log.InfoContext(ctx, "told in private", "text", text, "error", err)
	if err := r.privately(ctx, i, text); err != nil {
		log.WarnContext(ctx, "note not delivered", "error", err)
	}
}
