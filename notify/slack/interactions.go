package slack

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate"
)

// Answerer records what a person answers. It decides whether the person may,
// and whether the answer still counts; *remediate.RefusedError says that not.
// When it returns nil the answer is durable; what follows of it is not its
// caller's to wait for.
type Answerer interface {
	Answer(ctx context.Context, finding string, a remediate.Answer) (remediate.Finding, error)
}

// Approvers says which principal ("user:ada@example.com") a Slack user is, or
// "" for nobody we know. A *remediate.RefusedError says why they never may; any
// other error means that it could not be found out, which is never taken for a
// yes. (*People).Principal asks Slack.
type Approvers func(ctx context.Context, userID string) (principal string, err error)

// Users is the Approvers of a fixed list, from Slack user id to principal.
func Users(m map[string]string) Approvers {
	return func(_ context.Context, userID string) (string, error) { return m[userID], nil }
}

// InteractionsConfig is what the endpoint for clicks needs.
type InteractionsConfig struct {
	Secrets   []Secret // signing secrets; several while one is being replaced
	Team      string   // the workspace's id: other workspaces may share a channel
	AppID     string   // optional
	Approvers Approvers
	Answers   Answerer
	// ResponseURLs is the prefix private notes may be sent to; empty for
	// Slack's own. Tests and the demo set it.
	ResponseURLs string
	Now          func() time.Time
	Log          *slog.Logger
}

func (c InteractionsConfig) validate() error {
	var errs []error
	for _, p := range []struct {
		missing bool
		what    string
	}{
		{len(c.Secrets) == 0 || slices.Contains(c.Secrets, ""), "a signing secret is empty or none is set"},
		{c.Team == "", "no team"},
		{c.Approvers == nil, "no approvers"},
		{c.Answers == nil, "nowhere to record answers"},
		{c.Now == nil, "no clock"},
		{c.Log == nil, "no logger"},
	} {
		if p.missing {
			errs = append(errs, errors.New("slack interactions: "+p.what))
		}
	}
	return errors.Join(errs...)
}

// Slack shows an error after three seconds, and people click again. Recording
// and the note share what is safely inside that.
const (
	maxBody    = 1 << 20
	recordTime = 1800 * time.Millisecond
	wholeTime  = 2600 * time.Millisecond
)

type interactions struct {
	InteractionsConfig
	notes notes
}

// NewInteractions returns the handler of POST /slack/interactions. It verifies
// the raw body before it reads anything in it, records the answer and says 200;
// applying it is a worker's. A click that was not recorded gets a private note
// that says why.
func NewInteractions(c InteractionsConfig) (http.Handler, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	n, err := newNotes(c.ResponseURLs)
	if err != nil {
		return nil, err
	}
	return &interactions{c, n}, nil
}

func (h *interactions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), wholeTime)
	defer cancel()
	body, status := readBody(w, r)
	if status != http.StatusOK {
		w.WriteHeader(status)
		return
	}
	if err := Verify(r.Header, body, h.Secrets, h.Now()); err != nil {
		h.Log.WarnContext(ctx, "interaction refused", "error", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	click, err := Parse(body)
	if err != nil && !errors.Is(err, ErrButton) {
		h.Log.WarnContext(ctx, "interaction unreadable", "error", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(h.answer(ctx, click, err))
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
