package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// live reads the part of a resource that the step is about.
func (r *Remediator) live(ctx context.Context, st judge.Step) (judge.Snapshot, error) {
	if len(st.Deltas()) == 0 {
		return r.read(ctx, st.Resource, false)
	}
	p, err := r.cfg.IAM.Policy(ctx, st.Resource)
	if ok, err := r.readable(ctx, st.Resource, err); !ok || err != nil {
		return judge.Snapshot{At: r.cfg.Now()}, err
	}
	return judge.Snapshot{At: r.cfg.Now(), Policy: &p}, nil
}

// looks are what was read for an attempt at a plan, by its steps. The plan is held
// against them, and each write names the etag that was read: what somebody wrote since
// makes it a lost race, which is read anew.
type looks []judge.Snapshot

// at is what was read for the step; the zero Snapshot where that was not, or where a
// step before it may have written to the same.
func (l looks) at(p judge.Plan, i int) judge.Snapshot {
	if i >= len(l) || slices.ContainsFunc(p.Steps[:i], func(s judge.Step) bool { return s.Resource == p.Steps[i].Resource }) {
		return judge.Snapshot{}
	}
	return l[i]
}

// lookFor reads what the plan is about, for intended, stillFits and the writes alike.
// What cannot be read is left out: applying says what is wrong.
func (r *Remediator) lookFor(ctx context.Context, p judge.Plan) looks {
	out := make(looks, len(p.Steps))
	for i, st := range p.Steps {
		if now, err := r.live(ctx, st); err == nil {
			out[i] = now
		}
	}
	return out
}

// intended is what applying the plan would change of what is live now. It is
// stored with the claim: a process that dies after its write has then said
// what it was about to write, and an undo brings back that and nothing else.
func (l looks) intended(p judge.Plan) []judge.Step {
	var out []judge.Step
	for i, st := range p.Steps {
		if left, ok := l[i].Remaining(st); ok {
			out = append(out, left)
		}
	}
	return out
}

// stillFits returns an error unless the plan may be carried out on what is live now. An
// undo matches errChanged where something is not as the revert left it: what somebody
// changed since is theirs. Of an undo's violation its own policy has been asked, and
// that answer is the reason for it; no other policy has.
func (r *Remediator) stillFits(ctx context.Context, f finding.Finding, seen looks) error {
	ctx, open := noting(ctx)
	for i, st := range f.Plan.Steps {
		now := seen[i]
		if now.At.IsZero() {
			var err error
			if now, err = r.live(ctx, st); err != nil {
				return err
			}
		}
		var except []string
		if f.UndoOf != "" {
			except = []string{f.Policy}
			if left, ok := now.Remaining(st); !ok || len(left.Deltas()) != len(st.Deltas()) {
				return fmt.Errorf("%s was changed since the revert: %w", st.Resource, errChanged)
			}
		}
		switch worse := r.cfg.Judge.Worsened(ctx, st, f.Change, now, except...); {
		case worse.Unsure:
			return fmt.Errorf("%s on %s: %w", st.Kind, st.Resource, cmp.Or(open.err(), errors.New(worse.String())))
		case worse.Policy != "":
			return fmt.Errorf("%s on %s: %s: %w", st.Kind, st.Resource, worse, errWorse)
		}
	}
	return nil
}
