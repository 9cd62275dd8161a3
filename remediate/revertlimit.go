package remediate

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/reverts"
)

// maxReverts is how many are allowed in an hour whatever the limits: a process
// remembers them all.
const maxReverts = 3000

// actorHash is whose a revert was: names are strangers' text, and as long as they
// like. It is short, and still nobody finds a name that has another's.
func actorHash(who string) string {
	sum := sha256.Sum256([]byte(who))
	return base64.RawStdEncoding.EncodeToString(sum[:12])
}

// allowed counts the finding among the automatic reverts, unless it returns the
// limit that is reached. It is counted before it is stored as approved, under
// its ID: a process that dies in between, or is told of the change twice,
// counts it once. Where the count cannot be read or written nothing is allowed:
// the error has the change come again.
func (r *Remediator) allowed(ctx context.Context, f finding.Finding) (limit, error) {
	return r.underLimits(ctx, f, func(t *reverts.Tally) []reverts.Entry {
		if t.Has(f.ID) {
			return nil
		}
		return []reverts.Entry{{Finding: f.ID, Policy: f.Policy, Project: f.Resource.Project, Actor: actorHash(f.Budget()), At: r.cfg.Now()}}
	})
}

// underLimits counts what count returns unless a limit is reached, which it returns.
func (r *Remediator) underLimits(ctx context.Context, f finding.Finding, count func(*reverts.Tally) []reverts.Entry) (limit, error) {
	if why, err := r.fighting(ctx, f); why != "" || err != nil {
		return limit{why: why}, err
	}
	var over limit
	err := r.reverts.Change(ctx, func(t *reverts.Tally) []reverts.Entry {
		if over = r.cfg.Limits.reached(f, t); over.why != "" {
			return nil
		}
		return count(t)
	})
	return over, err
}

// decide stores a finding that was just allowed to be reverted unasked, or not.
// Where another process was faster, and did not have it reverted, it no longer
// counts.
func (r *Remediator) decide(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	stored, err := r.update(ctx, f)
	if !errors.Is(err, fault.ErrConflict) || !f.Automatic {
		return stored, err
	}
	if theirs, missing := r.cfg.Store.Finding(ctx, f.ID); missing == nil && !theirs.Automatic {
		r.giveBack(ctx, f)
	}
	return stored, err
}

// giveBack takes out of the count what was no revert after all: somebody else
// fixed it, rescind may not, or a person is asked. What is not given back, for
// a crash or a store that fails, counts until its hour is over.
func (r *Remediator) giveBack(ctx context.Context, f finding.Finding) {
	if !f.Automatic {
		return
	}
	err := r.reverts.Change(ctx, func(t *reverts.Tally) []reverts.Entry {
		if !t.Has(f.ID) {
			return nil
		}
		return []reverts.Entry{{Finding: f.ID, At: r.cfg.Now(), Back: true}}
	})
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "an automatic revert that was none still counts", "finding", f.ID, "error", err.Error())
	}
}
