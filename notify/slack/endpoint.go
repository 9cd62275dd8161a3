package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/internal/intake"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// The paths of Slack's requests, which say what is in them.
const (
	InteractionsPath = "/slack/interactions"
	CommandsPath     = "/slack/commands"
	EventsPath       = "/slack/events"
)

// reply is what Slack gets for an answer. The zero reply is a 200 without a
// body, which is all that a click wants.
type reply struct {
	status int // 0: 200
	body   any // sent as JSON; nil: nothing
}

func failed(status int) reply { return reply{status: status} }

// handler serves one path: what it returns for a verified request is sent.
func (r *Receiver) handler(path string, do func(ctx context.Context, s desk.Signed) reply) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), wholeTime)
		defer cancel()
		// Slack sends at once. Who takes their time is not Slack.
		control := http.NewResponseController(w)
		var cut func()
		if control.SetReadDeadline(time.Now().Add(wholeTime)) == nil {
			cut = func() { _ = control.SetReadDeadline(time.Now()) }
		}
		s, done, status := r.verified(req, path, cut)
		defer done()
		if status != http.StatusOK {
			w.WriteHeader(status)
			return
		}
		do(ctx, s).send(w)
	})
}

func (a reply) send(w http.ResponseWriter) {
	var body []byte
	if a.body != nil {
		var err error
		if body, err = json.Marshal(a.body); err != nil {
			a.status = http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	_, _ = w.Write(body)
}

// verified returns the request as it was signed, and no part of it that was
// not. It reads nothing in the body before that, and cut has its reading end. The
// caller calls done when it holds the request no longer.
func (r *Receiver) verified(req *http.Request, path string, cut func()) (s desk.Signed, done func(), status int) {
	body, done, status := r.readBody(req, cut)
	if status != http.StatusOK {
		if status == http.StatusUnauthorized {
			r.cfg.Log.WarnContext(req.Context(), "request refused", "path", path, "error", ErrUnsigned)
		}
		return desk.Signed{}, done, status
	}
	now := r.cfg.Now()
	if err := Verify(req.Header, body, r.cfg.Secrets, now); err != nil {
		r.cfg.Log.WarnContext(req.Context(), "request refused", "path", path, "error", err)
		return desk.Signed{}, done, http.StatusUnauthorized
	}
	return desk.Signed{
		Kind: desk.SignedBySlack, Path: path, Body: body, At: now,
		Header: map[string]string{headerTime: req.Header.Get(headerTime), headerSignature: req.Header.Get(headerSignature)},
	}, done, http.StatusOK
}

// readBody reads the body of a request that may be signed: what cannot be, is
// turned away by its headers. The caller calls done when it holds it no longer.
func (r *Receiver) readBody(req *http.Request, cut func()) (body []byte, done func(), status int) {
	done = func() {}
	switch {
	case req.Method != http.MethodPost:
		return nil, done, http.StatusMethodNotAllowed
	case req.ContentLength > maxBody:
		return nil, done, http.StatusRequestEntityTooLarge
	case !maySign(req.Header, r.cfg.Now()):
		return nil, done, http.StatusUnauthorized
	}
	body, done, err := r.room.Read(req.Body, maxBody, cut)
	switch {
	case errors.Is(err, intake.ErrTooLarge):
		return nil, done, http.StatusRequestEntityTooLarge
	case errors.Is(err, intake.ErrBusy):
		return nil, done, http.StatusServiceUnavailable
	case err != nil:
		return nil, done, http.StatusBadRequest
	}
	return body, done, http.StatusOK
}
