package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"

	"github.com/rescind-dev/rescind/remediate/desk"
)

// What Count of AnswersConfig is told, beside KindTooLarge and KindRetry.
const (
	KindAnswer    = "answer"     // taken, whatever became of it
	KindBadAnswer = "bad answer" // not a message that holds a signed request
	KindUnsigned  = "unsigned"   // of a kind that nobody here verifies
)

// Take does what a signed request asks. It returns nil when the request is done
// with, also when it was refused, and an error when it must come again.
type Take func(ctx context.Context, s desk.Signed) error

// AnswersConfig is what POST /answers needs.
type AnswersConfig struct {
	// Takes says who verifies and carries out each kind of signed request, such
	// as desk.SignedBySlack.
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
	return errors.Join(append(errs, checkSender("answers", c.Verifier, c.AllowUnauthenticated))...)
}

// NewAnswers returns the handler of POST /answers: a push of a desk.Signed as JSON,
// wrapped, or unwrapped with metadata, so that Pub/Sub says when it was published.
// A CloudEvent is dropped. It cannot be told here that a subscription unwraps
// without metadata, and then whoever publishes says when: there must be none such.
// It answers 204 when the message is done with, for whatever reason, and 503 when
// it must come again. What it logs holds neither the request nor its signature.
func NewAnswers(c AnswersConfig) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return onlyFrom(c.Verifier, c.Log, &answers{maps.Clone(c.Takes), c.Log, countOrNot(c.Count), newInFlight("answers", c.Log)}), nil
}

type answers struct {
	takes map[string]Take
	log   *slog.Logger
	count func(kind string)

	atOnce *inFlight
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	leave, ok := a.atOnce.enter(r, maxAnswer)
	if !ok {
		a.count(KindBusy)
		comeAgain(w)
		return
	}
	defer leave()
	m, err := receive(w, r, maxAnswer, &bytes.Buffer{})
	if err == nil {
		ctx, cancel := whoeverHangsUp(r)
		defer cancel()
		err = a.take(ctx, m)
	}
	var dropped *droppedError
	switch {
	case err == nil:
		a.count(KindAnswer)
		a.log.InfoContext(r.Context(), "answer taken", "kind", KindAnswer, "message_id", m.id)
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &dropped):
		kind := dropped.kind
		if kind == KindBadMessage {
			kind = KindBadAnswer
		}
		a.count(kind)
		a.log.ErrorContext(r.Context(), "answer dropped", "kind", kind, "message_id", m.id, "error", dropped.err)
		w.WriteHeader(http.StatusNoContent)
	default:
		a.count(KindRetry)
		a.log.ErrorContext(r.Context(), "answer will come again", "kind", KindRetry, "message_id", m.id, "error", err)
		comeAgain(w)
	}
}

func (a *answers) take(ctx context.Context, m arrived) error {
	s, err := signed(m)
	if err != nil {
		return &droppedError{kind: KindBadAnswer, err: err}
	}
	take := a.takes[s.Kind]
	if take == nil {
		return &droppedError{kind: KindUnsigned, err: fmt.Errorf("nobody here verifies what is signed by %q", s.Kind)}
	}
	if err := take(ctx, s); err != nil {
		return fmt.Errorf("take an answer signed by %s: %w", s.Kind, err)
	}
	return nil
}

// signed reads a signed request. When it was published must be known from Pub/Sub:
// without it nobody could tell a fresh signature from an old one. No error quotes
// the data.
func signed(m arrived) (desk.Signed, error) {
	if m.published.IsZero() {
		return desk.Signed{}, errors.New("Pub/Sub does not say, in RFC 3339, when this was published: want a wrapped push, or an unwrapped one with metadata, and no CloudEvent")
	}
	var s desk.Signed
	dec := json.NewDecoder(bytes.NewReader(m.data))
	dec.DisallowUnknownFields()
	err := dec.Decode(&s)
	_, end := dec.Token()
	switch {
	case err != nil || !errors.Is(end, io.EOF):
		return desk.Signed{}, errors.New("the data is not the JSON of a signed request")
	case s.Kind == "" || s.Path == "" || len(s.Body) == 0:
		return desk.Signed{}, errors.New("the signed request lacks kind, path or body")
	}
	s.At = m.published
	return s, nil
}
