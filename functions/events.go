package functions

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// Handler is what an event becomes. An error means that the change may be
// handled another time, and must come again.
type Handler interface {
	// Handle takes the change to its outcome. An error that matches owed.ErrFull says that
	// there is no room for it now.
	Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error)
}

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
	errs = append(errs, checkSender("events", c.Verifier, c.AllowUnauthenticated))
	if c.MaxBody < 0 {
		errs = append(errs, fmt.Errorf("events: MaxBody is %d, want 0 or more", c.MaxBody))
	}
	return errors.Join(errs...)
}

// NewEvents returns the handler of POST /events. It takes one log entry a
// request: a Pub/Sub push, wrapped or not, or a CloudEvent, binary or
// structured, whatever its content type; and a batch of CloudEvents. It answers 204 when the message is done with, for whatever
// reason, also when what it tells of is owed a judgement and so in the store, and 503 when
// it must come again. What comes while 128 messages, or 32 MiB of
// them, are worked on is answered 503 at once.
func NewEvents(c EventsConfig) (http.Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e := &events{
		decode: c.Decode, handler: c.Handler, log: c.Log, count: countOrNot(c.Count),
		maxBody: cmp.Or(c.MaxBody, DefaultMaxBody), atOnce: newInFlight("events", c.Log),
	}
	return onlyFrom(c.Verifier, c.Log, e), nil
}

type events struct {
	decode  func([]byte) (cloud.Change, error)
	handler Handler
	log     *slog.Logger
	count   func(kind string)
	maxBody int64
	atOnce  *inFlight
	// rooms are those of events that were about nothing, of which nothing is
	// kept: nearly all are, and two slices of their size were half of what each
	// allocated. What became of any other event may hold on to its bytes.
	rooms sync.Pool // of *bytes.Buffer
}

// maxRoom is the largest room that is kept for another event.
const maxRoom = 128 << 10

func (e *events) room() *bytes.Buffer {
	if b, ok := e.rooms.Get().(*bytes.Buffer); ok {
		return b
	}
	return &bytes.Buffer{}
}

// free keeps the room, if it is of a message of which nothing is kept.
func (e *events) free(room *bytes.Buffer, dropped *droppedError) {
	if dropped.kind == KindNotChange && room.Cap() <= maxRoom {
		room.Reset()
		e.rooms.Put(room)
	}
}

func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	leave, ok := e.atOnce.enter(r, e.maxBody)
	if !ok {
		e.count(KindBusy)
		comeAgain(w)
		return
	}
	defer leave()
	room := e.room()
	m, err := receive(w, r, e.maxBody, room)
	if err == nil {
		ctx, cancel := whoeverHangsUp(r)
		defer cancel()
		err = e.handleAll(ctx, m)
	}
	var dropped *droppedError
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case errors.As(err, &dropped):
		e.dropped(r.Context(), m, dropped)
		e.free(room, dropped)
		w.WriteHeader(http.StatusNoContent)
	case errors.Is(err, owed.ErrFull): // which the log is told of once a minute
		e.count(KindBusy)
		comeAgain(w)
	case errors.Is(err, owed.ErrDown): // likewise
		e.count(KindRetry)
		comeAgain(w)
	default:
		e.count(KindRetry)
		e.log.ErrorContext(r.Context(), "message will come again", "message_id", m.id, "error", err)
		comeAgain(w)
	}
}

func (e *events) dropped(ctx context.Context, m arrived, dropped *droppedError) {
	e.count(dropped.kind)
	if e.log.Enabled(ctx, dropped.level()) { // nearly all that comes is dropped, and logged nowhere
		e.log.Log(ctx, dropped.level(), "message dropped", "kind", dropped.kind, "message_id", m.id,
			"insert_id", dropped.change.InsertID, "resource", dropped.change.Resource.String(), "error", dropped.err)
	}
}

// handleAll handles a message, or each event of a batch. The error of a batch is that of
// one that has to come again; what was handled is the same the next time.
func (e *events) handleAll(ctx context.Context, m arrived) (again error) {
	if m.batch == nil {
		return e.handle(ctx, m)
	}
	for _, one := range m.batch {
		err := one.err
		if err != nil {
			err = &droppedError{kind: KindBadMessage, err: err}
		} else {
			err = e.handle(ctx, one)
		}
		var dropped *droppedError
		switch {
		case errors.As(err, &dropped):
			e.dropped(ctx, one, dropped)
		case err != nil:
			again = cmp.Or(again, err)
		}
	}
	return again
}

func (e *events) handle(ctx context.Context, m arrived) error {
	c, err := e.decode(m.data)
	if err != nil {
		return &droppedError{kindOf(err), err, c}
	}
	out, err := e.handler.Handle(ctx, c)
	if err != nil {
		return fmt.Errorf("handle entry %s on %s: %w", c.InsertID, c.Resource, err)
	}
	e.count(string(out.Kind))
	if out.Kind == remediate.Owed { // likewise
		return nil
	}
	ids := make([]string, 0, len(out.Findings))
	for _, f := range out.Findings {
		ids = append(ids, f.ID)
	}
	e.log.InfoContext(ctx, "event handled", "message_id", m.id, "insert_id", c.InsertID,
		"resource", c.Resource.String(), "method", c.Method, "outcome", string(out.Kind), "findings", ids)
	return nil
}
