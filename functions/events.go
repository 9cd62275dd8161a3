package functions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// Handler is what an event becomes. An error means that the change may be
// handled another time, and must come again.
type Handler interface {
	Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error)
}

// DefaultMaxBody is the largest body taken where EventsConfig says nothing. A
// log entry has at most 256 KiB (https://cloud.google.com/logging/quotas), and
// base64 adds a third.
const DefaultMaxBody = 1 << 20

// maxPush is above any push: a Pub/Sub message has at most 10 MB
// (https://cloud.google.com/pubsub/quotas), and base64 adds a third.
const maxPush = 16 << 20

// EventsConfig is what POST /events needs.
type EventsConfig struct {
	// Decode reads a LogEntry. It is auditlog.Decode but in tests, and its
	// errors match the sentinels of that package.
	Decode  func([]byte) (cloud.Change, error)
	Handler Handler
	Log     *slog.Logger
	// Verifier checks the sender's token. None is an error unless
	// AllowUnauthenticated is set, for a receiver on a loopback address.
	Verifier             TokenVerifier
	AllowUnauthenticated bool
	// Count is told the kind of every message, once; nil: nobody counts.
	Count func(kind string)
	// MaxBody is the largest body in bytes; 0: DefaultMaxBody.
	MaxBody int64
}

// Validate returns all that is wrong with the config.
func (c EventsConfig) Validate() error {
	var errs []error
	if c.Decode == nil || c.Handler == nil || c.Log == nil {
		errs = append(errs, errors.New("events: Decode, Handler and Log must be set"))
	}
	if c.Verifier == nil && !c.AllowUnauthenticated {
		errs = append(errs, errors.New("events: anyone could post: set Verifier, or AllowUnauthenticated on purpose"))
	}
	if c.Verifier != nil && c.AllowUnauthenticated {
		errs = append(errs, errors.New("events: AllowUnauthenticated with a Verifier: want one of them"))
	}
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("events: MaxBody is %d, want 0 or more", c.MaxBody))
	}
	return errors.Join(errs...)
}

// NewEvents returns the handler of POST /events. It takes one log entry a
// request: a Pub/Sub push, wrapped or not, or a CloudEvent, binary or
// structured. It answers 204 when the message is done with, for whatever
// reason, and 503 when it must come again.
func NewEvents(c EventsConfig) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.MaxBody == 0 {
		c.MaxBody = DefaultMaxBody
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	var h http.Handler = &events{c}
	if c.Verifier != nil {
		h = RequireToken(c.Verifier, c.Log, h)
	}
	return onlyPOST(h), nil
}

type events struct{ EventsConfig }

func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, err := e.read(w, r)
	if err == nil {
		err = e.handle(r.Context(), m)
	}
	var dropped *droppedError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &dropped):
		e.Count(dropped.kind)
		e.Log.Log(r.Context(), dropped.level(), "message dropped", "kind", dropped.kind, "message_id", m.id,
			"insert_id", dropped.change.InsertID, "resource", dropped.change.Resource.String(), "error", dropped.err)
		w.WriteHeader(http.StatusNoContent)
	default:
		e.Count(KindRetry)
		e.Log.ErrorContext(r.Context(), "message will come again", "message_id", m.id, "error", err)
		comeAgain(w)
	}
}

// read returns the message of the request, and as much of it as is known with
// an error.
func (e *events) read(w http.ResponseWriter, r *http.Request) (message, error) {
	unread := message{id: r.Header.Get(headerMessageID)}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, e.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		// Answered while it still sends, the sender may see a broken
		// connection instead of the 204, and would send it all again.
		_, _ = io.CopyN(io.Discard, r.Body, maxPush)
		return unread, &droppedError{kind: KindTooLarge, err: fmt.Errorf("the body is larger than %d bytes", e.MaxBody)}
	case err != nil: // the sender hung up, or was too slow
		return unread, fmt.Errorf("read body: %w", err)
	}
	m, err := parse(r.Header, body)
	if err != nil {
		return m, &droppedError{kind: KindBadMessage, err: err}
	}
	return m, nil
}

func (e *events) handle(ctx context.Context, m message) error {
	c, err := e.Decode(m.entry)
	if err != nil {
		return &droppedError{kindOf(err), err, c}
	}
	out, err := e.Handler.Handle(ctx, c)
	if err != nil {
		return fmt.Errorf("handle entry %s on %s: %w", c.InsertID, c.Resource, err)
	}
	e.Count(string(out.Kind))
	ids := make([]string, 0, len(out.Findings))
	for _, f := range out.Findings {
		ids = append(ids, f.ID)
	}
	e.Log.InfoContext(ctx, "event handled", "message_id", m.id, "insert_id", c.InsertID,
		"resource", c.Resource.String(), "method", c.Method, "outcome", string(out.Kind), "findings", ids)
	return nil
}
