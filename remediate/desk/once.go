package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// AnswerWithin is how old a signed request may be when it is taken, from when it was
// signed. Whoever can have a message delivered anew, such as by seeking a
// subscription to last week, would else give last week's answers.
const AnswerWithin = time.Hour

// keptBeyond is for how much longer than it counts a request is remembered: clocks
// differ.
const keptBeyond = 10 * time.Minute

// noteTime is how long it may take to note that a request is done with.
const noteTime = 5 * time.Second

// maxSaid bounds what is remembered of what somebody was told.
const maxSaid = 1000

// Request is one signed request as it is told from all others.
type Request struct {
	// Name is the same for every delivery, and for nothing else that was signed.
	Name     string
	SignedAt time.Time
}

// RequestOf names a request by all that was signed of it. Its signature is none of
// that: one text can have several that hold.
func RequestOf(at time.Time, signed ...string) Request {
	h := sha256.New()
	for _, s := range signed {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return Request{Name: hex.EncodeToString(h.Sum(nil)), SignedAt: at}
}

// taken is what the store knows of a request: the zero one was never taken.
type taken struct {
	// Until is how long the process that took it has for it; the zero time once it
	// is done.
	Until time.Time `json:"until,omitzero"`
	Done  bool      `json:"done,omitempty"`
	Said  string    `json:"said,omitempty"` // to whom it was from
}

// Once does what a signed request asks, once for all processes on the store and
// all deliveries, and returns what do said. Of a delivery after that it returns the
// same, and that it came again. An error of do leaves the request to come again; an
// error while another process is at it has it come again likewise. One that is too
// old is a *finding.RefusedError, and nothing is done.
func (d Desk) Once(ctx context.Context, q Request, do func(context.Context) (said string, err error)) (said string, again bool, err error) {
	now := d.Now()
	if age := now.Sub(q.SignedAt); age > AnswerWithin {
		return "", false, finding.RefuseAs(finding.ClassLate, "it was signed at %s, and counts for an hour", q.SignedAt.UTC().Format(time.RFC3339))
	}
	var before taken
	claimed := taken{Until: now.Add(finding.Lease)}
	err = d.note(ctx, q, func(was taken) (taken, bool) {
		before = was
		return claimed, !was.Done && !now.Before(was.Until)
	})
	switch {
	case err != nil:
		return "", false, err
	case before.Done:
		return before.Said, true, nil
	case now.Before(before.Until):
		return "", false, fmt.Errorf("take a signed request: another process is at it until %s", before.Until.UTC().Format(time.RFC3339))
	}
	said, err = do(ctx)
	done := taken{Done: true, Said: trail.Fit(said, maxSaid)}
	if err != nil {
		done = taken{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime) // whoever asked may be gone by now
	defer cancel()
	noted := d.note(ctx, q, func(was taken) (taken, bool) { return done, !was.Done })
	if err == nil {
		err = noted
	}
	return said, false, err
}

// note changes what the store knows of a request.
func (d Desk) note(ctx context.Context, q Request, change func(taken) (taken, bool)) error {
	keep := q.SignedAt.Add(AnswerWithin + keptBeyond)
	_, err := cells.Change(ctx, d.Store, "signed/"+q.Name, keep, func(was taken) (taken, bool, error) {
		next, changed := change(was)
		return next, changed, nil
	})
	if err != nil {
		return fmt.Errorf("note a signed request: %w", err)
	}
	return nil
}
