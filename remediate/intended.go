package remediate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

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

// intended is what applying the plan would change of what is live now. It is
// stored with the claim: a process that dies after its write has then said
// what it was about to write, and an undo brings back that and nothing else.
func (r *Remediator) intended(ctx context.Context, p judge.Plan) []judge.Step {
	var out []judge.Step
	for _, st := range p.Steps {
		now, err := r.live(ctx, st)
		if err != nil {
			out = append(out, st) // applying says what is wrong
			continue
		}
		if left, ok := now.Remaining(st); ok {
			out = append(out, left)
		}
	}
	return out
}

// stillFits returns an error unless the plan may be carried out on what is live now. An
// undo matches errChanged where something is not as the revert left it: what somebody
// changed since is theirs. Of an undo's violation its own policy has been asked, and
// that answer is the reason for it; no other policy has.
func (r *Remediator) stillFits(ctx context.Context, f finding.Finding) error {
	ctx, open := noting(ctx)
	for _, st := range f.Plan.Steps {
		now, err := r.live(ctx, st)
		if err != nil {
			return err
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
