package slack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

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
		s, status := r.verified(w, req, path)
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
// not. It reads nothing in the body before that.
func (r *Receiver) verified(w http.ResponseWriter, req *http.Request, path string) (desk.Signed, int) {
	body, status := readBody(w, req)
	if status != http.StatusOK {
		return desk.Signed{}, status
	}
	now := r.cfg.Now()
	if err := Verify(req.Header, body, r.cfg.Secrets, now); err != nil {
		r.cfg.Log.WarnContext(req.Context(), "request refused", "path", path, "error", err)
		return desk.Signed{}, http.StatusUnauthorized
	}
	return desk.Signed{
		Kind: desk.SignedBySlack, Path: path, Body: body, At: now,
		Header: map[string]string{headerTime: req.Header.Get(headerTime), headerSignature: req.Header.Get(headerSignature)},
	}, http.StatusOK
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, int) {
	if r.Method != http.MethodPost {
		return nil, http.StatusMethodNotAllowed
	}
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, http.StatusRequestEntityTooLarge
	case err != nil:
		return nil, http.StatusBadRequest
	}
	return body, http.StatusOK
}
