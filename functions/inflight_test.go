package functions_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// holding is a handler that holds what it is given until it is told to go on.
type holding struct {
	came sync.WaitGroup
	goOn chan struct{}
}

func (h *holding) Handle(context.Context, cloud.Change) (remediate.Outcome, error) {
	h.came.Done()
	<-h.goOn
	return remediate.Outcome{Kind: remediate.Compliant}, nil
}

func TestWhatIsOverTheBoundComesAgainAtOnceAndNothingElseSuffers(t *testing.T) {
	const mebibyte = 1 << 20
	for name, tc := range map[string]struct {
		body   string
		atOnce int
	}{
		"in number": {wrap(entry), 128},
		"in bytes":  {wrap(entry) + strings.Repeat(" ", mebibyte-len(wrap(entry))), 32},
	} {
		t.Run(name, func(t *testing.T) {
			h := &holding{goOn: make(chan struct{})}
			h.came.Add(tc.atOnce)
			r := newReceiver(t, func(c *functions.EventsConfig) { c.Handler, c.Count = h, nil })
			var held sync.WaitGroup
			for range tc.atOnce {
				held.Go(func() { wantStatus(t, r.post(tc.body), http.StatusNoContent) })
			}
			h.came.Wait()
			for range 3 {
				w := r.post(tc.body)
				wantStatus(t, w, http.StatusServiceUnavailable)
				if w.Header().Get("Retry-After") == "" {
					t.Error("it does not say when to come again")
				}
			}
			close(h.goOn)
			held.Wait()
			h.came.Add(1)
			wantStatus(t, r.post(tc.body), http.StatusNoContent)
			if n := strings.Count(r.log.String(), "too many pushes at once"); n != 1 || !strings.Contains(r.log.String(), "of=events turned_away=1") {
				t.Errorf("the log tells of it %d times, want once a minute:\n%s", n, r.log)
			}
		})
	}
}

// full is a handler that has no room.
type full struct{}

func (full) Handle(context.Context, cloud.Change) (remediate.Outcome, error) {
	return remediate.Outcome{}, fmt.Errorf("%w: 10000", owed.ErrFull)
}

// Of what is owed, and of what there is no room for, the log is told once a minute, and
// not once an event.
func TestWhatIsOwedIsAcknowledgedAndWhatThereIsNoRoomForComesAgain(t *testing.T) {
	r := newReceiver(t)
	r.remediator.outcome = remediate.Outcome{Kind: remediate.Owed}
	wantStatus(t, r.post(wrap(entry)), http.StatusNoContent)
	counts := r.counts
	r = newReceiver(t, func(c *functions.EventsConfig) { c.Handler = full{} })
	wantStatus(t, r.post(wrap(entry)), http.StatusServiceUnavailable)
	if counts["owed"] != 1 || r.counts[functions.KindBusy] != 1 || r.log.Len() > 0 {
		t.Errorf("counted %v and %v, and the log has %q", counts, r.counts, r.log)
	}
}
