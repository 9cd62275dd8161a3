package group

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// RoundupContent is what a roundup speaks for, as it stands in the store, newest first.
type RoundupContent struct {
	Open  []finding.Finding // not finished: pending, but for those that are being carried out
	Ended []finding.Finding // that ended without a message of their own
	// More is true where there are more than were looked at, or could be read.
	More bool
	// Above is how many new messages in ten minutes the channel takes.
	Above int
	// Done is true once the roundup speaks for nobody any more.
	Done bool
}

const (
	// maxListed bounds how many findings a roundup is drawn from: of more it
	// says "at least".
	maxListed = 1000
	// maxQueued is how many findings that are let go wait for their messages at
	// once. All ten thousand would fill every sweep.
	maxQueued = 30
	// maxReleased bounds how many one round lets go: a group is let go whole.
	maxReleased = maxGroup
)

// contentOf looks up what the roundup speaks for.
func (m *Notifier) contentOf(ctx context.Context, d Roundup) (RoundupContent, error) {
	s := RoundupContent{Above: m.cfg.RoundupAbove}
	for _, part := range []struct {
		of   []state.State
		into *[]finding.Finding
	}{{state.Open(), &s.Open}, {ended(), &s.Ended}} {
		fs, err := m.cfg.Store.Findings(ctx, finding.Query{States: part.of, Since: d.From, Limit: maxListed})
		leftOut, err := fault.Readable(err)
		if err != nil {
			return RoundupContent{}, fmt.Errorf("list what the roundup of %s speaks for: %w", d.Channel, err)
		}
		s.More = s.More || len(fs) == maxListed || leftOut > 0
		*part.into = slices.DeleteFunc(fs, func(f finding.Finding) bool { return f.InRoundup != d.Channel })
	}
	return s, nil
}

func ended() []state.State {
	return slices.DeleteFunc(state.All(), func(s state.State) bool { return !s.Ended() })
}

// fingerprint tells one drawing of the roundup from another.
func (s RoundupContent) fingerprint(d Roundup) string {
	var b strings.Builder
	fmt.Fprint(&b, s.Done, s.More, s.Above, d.Over.IsZero())
	for _, f := range slices.Concat(s.Open, s.Ended) {
		b.WriteString(" " + f.ID + " " + string(f.State))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:8])
}

func (m *Notifier) drawRoundup(ctx context.Context, d Roundup, s RoundupContent) error {
	now, at, drawn := m.cfg.Now(), d.Message, s.fingerprint(d)
	var failed error
	if drawn != d.Drawn && !(s.Done && d.Message.ID == "") {
		at, failed = m.roundups.NotifyRoundup(ctx, d, s)
		if at.ID != d.Message.ID {
			drawn = "posted" // without a number: it is rewritten next time
		}
	}
	// What was posted is stored even when the request that began it has gone.
	_, err := changeRoundup(context.WithoutCancel(ctx), m.cfg.Store, d.Channel, now, func(d Roundup) (Roundup, bool) {
		d = d.drawn(at, drawn, now, failed)
		if s.Done && failed == nil && !d.Over.IsZero() { // else it began again meanwhile
			d = d.closed()
		}
		return d, true
	})
	if errors.Is(failed, fault.ErrBroken) {
		m.broken.Tell(ctx, m.cfg.Log, now, "channel", d.Channel, failed)
	}
	return errors.Join(failed, err)
}
