package slack

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// signedAt is when Slack signed the request. What came over a socket is not signed,
// and is as old as its arrival.
func (r *Receiver) signedAt(s desk.Signed) time.Time {
	seconds, err := strconv.ParseInt(s.Header[headerTime], 10, 64)
	if s.Kind == "" || err != nil { // Verify takes digits alone
		return r.cfg.Now()
	}
	return time.Unix(seconds, 0).UTC()
}

// once does what a signed request asks, once. It is told from others by what Slack
// signs, the time and the body, and not by its path, which nobody signs. Over a
// socket, from which Slack has each taken once, there is nothing to tell it by.
func (r *Receiver) once(ctx context.Context, s desk.Signed, at time.Time, do func(context.Context) (string, error)) (said string, again bool, err error) {
	if s.Kind == "" {
		said, err = do(ctx)
		return said, false, err
	}
	return r.clerk.cfg.Desk.Once(ctx, desk.RequestOf(at, desk.SignedBySlack, s.Header[headerTime], string(s.Body)), do)
}

// do does what an interaction asks, once, and returns what to tell the person, and
// whether they were told before. The error says more for the log; without words for
// the person it is one that may pass.
func (r *Receiver) do(ctx context.Context, s desk.Signed, i Interaction) (say string, again bool, err error) {
	at := r.signedAt(s)
	var more error
	say, again, err = r.once(ctx, s, at, func(ctx context.Context) (string, error) {
		said, err := r.clerk.do(ctx, i, at)
		if said == "" {
			return "", err
		}
		more = err
		return said, nil
	})
	if finding.ClassOf(err) == finding.ClassLate {
		late := &finding.RefusedError{Class: finding.ClassLate, Why: finding.ReasonOf(err)}
		r.clerk.recordRefusal(ctx, i, "", late)
		return notRecorded + late.Why + ".", false, nil
	}
	return say, again, errors.Join(err, more)
}
