package functions

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/remediate"
)

// What Count of AnswersConfig is told, beside KindTooLarge and KindRetry.
const (
	KindAnswer    = "answer"     // taken, whatever became of it
	KindBadAnswer = "bad answer" // not a message that holds a signed request
	KindUnsigned  = "unsigned"   // of a kind that nobody here verifies
)

// Take does what a signed request asks. It returns nil when the request is done
// with, also when it was refused, and an error when it must come again.
type Take func(ctx context.Context, s remediate.Signed) error

// AnswersConfig is what POST /answers needs.
type AnswersConfig struct {
	// Takes says who verifies and carries out each kind of signed request, such
	// as remediate.SignedBySlack.
	Takes map[string]Take
	Log   *slog.Logger
	// Verifier checks the sender's token. None is an error unless
	// AllowUnauthenticated is set, for a receiver on a loopback address.
	Verifier             TokenVerifier
	AllowUnauthenticated bool
	// Count is told the kind of every message, once; nil: nobody counts.
	Count func(kind string)
}

// Validate returns all that is wrong with the config.
func (c AnswersConfig) Validate() error {
	var errs []error
	if len(c.Takes) == 0 || c.Log == nil {
		errs = append(errs, errors.New("answers: Takes and Log must be set"))
	}
	if (c.Verifier == nil) != c.AllowUnauthenticated {
		errs = append(errs, errors.New("answers: want either a Verifier, or AllowUnauthenticated on purpose"))
	}
	return errors.Join(errs...)
}

// NewAnswers returns the handler of POST /answers: a Pub/Sub push, wrapped or
// not, of a remediate.Signed as JSON. It answers 204 when the message is done
// with, for whatever reason, and 503 when it must come again. What it logs holds
// neither the request nor its signature.
func NewAnswers(c AnswersConfig) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	var h http.Handler = &answers{c}
	if c.Verifier != nil {
		h = RequireToken(c.Verifier, c.Log, h)
	}
	return onlyPOST(h), nil
}

type answers struct{ AnswersConfig }

// maxAnswer is above any push of a signed request: the endpoints that people
// reach take a body of 1 MiB, which is in base64 twice.
const maxAnswer = 2 << 20

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, id, err := a.take(w, r)
	a.Count(kind)
	log := a.Log.With("kind", kind, "message_id", id)
	switch {
	case err == nil:
		log.InfoContext(r.Context(), "answer taken")
	case kind == KindRetry:
		log.ErrorContext(r.Context(), "answer will come again", "error", err)
		comeAgain(w)
		return
	default:
		log.ErrorContext(r.Context(), "answer dropped", "error", err)
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *answers) take(w http.ResponseWriter, r *http.Request) (kind, id string, err error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		_, _ = io.CopyN(io.Discard, r.Body, maxPush) // see events.read
		return KindTooLarge, r.Header.Get(headerMessageID), err
	case err != nil:
		return KindRetry, r.Header.Get(headerMessageID), fmt.Errorf("read body: %w", err)
	}
	id, s, err := readAnswer(r.Header, body)
	if err != nil {
		return KindBadAnswer, id, err
	}
	take := a.Takes[s.Kind]
	if take == nil {
		return KindUnsigned, id, fmt.Errorf("nobody here verifies what is signed by %q", s.Kind)
	}
	if err := take(r.Context(), s); err != nil {
		return KindRetry, id, fmt.Errorf("take an answer signed by %s: %w", s.Kind, err)
	}
	return KindAnswer, id, nil
}

// headerPublishTime is on an unwrapped push as headerMessageID is.
const headerPublishTime = "X-Goog-Pubsub-Publish-Time"

// readAnswer takes a push apart. When it was published must be there: without
// it nobody could tell a fresh signature from an old one. No error quotes
// the body.
func readAnswer(h http.Header, body []byte) (id string, s remediate.Signed, err error) {
	id, data, published := h.Get(headerMessageID), body, h.Get(headerPublishTime)
	if id == "" {
		if id, data, published, err = unwrap(body); err != nil {
			return id, s, err
		}
	}
	at, err := time.Parse(time.RFC3339Nano, published)
	if err != nil {
		return id, s, errors.New("the time of publishing is missing, or not in RFC 3339")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil || dec.More() {
		return id, remediate.Signed{}, errors.New("the data is not the JSON of a signed request")
	}
	if s.Kind == "" || s.Path == "" || len(s.Body) == 0 {
		return id, remediate.Signed{}, errors.New("the signed request lacks kind, path or body")
	}
	s.At = at
	return id, s, nil
}

// unwrap reads the body of a wrapped push.
// https://cloud.google.com/pubsub/docs/push#receive_push
func unwrap(body []byte) (id string, data []byte, published string, err error) {
	var p struct {
		Message *struct {
			Data      string `json:"data"`
			ID        string `json:"messageId"`
			Published string `json:"publishTime"`
		} `json:"message"`
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Message == nil {
		return "", nil, "", errors.New("the body is no Pub/Sub push")
	}
	data, err = base64.StdEncoding.DecodeString(p.Message.Data)
	if err != nil || len(data) == 0 {
		return p.Message.ID, nil, "", errors.New("message.data is missing, or not base64")
	}
	return p.Message.ID, data, p.Message.Published, nil
}
