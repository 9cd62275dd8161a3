package remediate

import (
	"context"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// The steps that only an undo takes; no policy can ask for them.
const (
	RestoreGrants  policies.Remediation = "restore-grants"
	DisableInvoker policies.Remediation = "disable-invoker-iam"
)

// inverses are the kinds whose inverse has a name of its own. Every other step
// is undone by the same kind, with Before and After the other way round.
var inverses = map[policies.Remediation]policies.Remediation{
	policies.RemoveGrants: RestoreGrants, RestoreGrants: policies.RemoveGrants,
	policies.RequireInvoker: DisableInvoker, DisableInvoker: policies.RequireInvoker,
}

// Inverse is the step that undoes this one. The inverse of the inverse is the
// step itself.
func (s Step) Inverse() Step {
	s.Before, s.After = s.After, s.Before
	if kind, ok := inverses[s.Kind]; ok {
		s.Kind = kind
	}
	return s
}

// inverse is the plan that undoes the steps, last first.
func inverse(steps []Step) Plan {
	var out []Step
	for _, s := range slices.Backward(steps) {
		out = append(out, s.Inverse())
	}
	return NewPlan(out, "")
}

// deltas are the grants that the step takes away and adds.
func (s Step) deltas() []cloud.Delta {
	return slices.Concat(
		cloud.Deltas(cloud.Remove, missingFrom(s.After.Grants, s.Before.Grants)),
		cloud.Deltas(cloud.Add, missingFrom(s.Before.Grants, s.After.Grants)),
	)
}

// missingFrom returns those of the grants that are not in others.
func missingFrom(others, grants []cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g cloud.Grant) bool { return slices.Contains(others, g) })
}

// with is the step with these deltas for its grants.
func (s Step) with(ds []cloud.Delta) Step {
	s.Before.Grants, s.After.Grants = nil, nil
	for _, d := range ds {
		if d.Action == cloud.Remove {
			s.Before.Grants = append(s.Before.Grants, d.Grant)
		} else {
			s.After.Grants = append(s.After.Grants, d.Grant)
		}
	}
	return s
}

// left is what live state leaves to do of the step; false for nothing. Of what
// was not read it is the whole step.
func (s Snapshot) left(st Step) (Step, bool) {
	if ds := st.deltas(); len(ds) > 0 && s.Policy != nil {
		_, effective := s.Policy.Apply(st.deltasOn(*s.Policy))
		return st.with(effective), len(effective) > 0
	}
	return st, s.stepNeeded(st)
}

// live reads the part of a resource that the step is about.
func (r *Remediator) live(ctx context.Context, st Step) (Snapshot, error) {
	if len(st.deltas()) == 0 {
		return r.read(ctx, st.Resource, false)
	}
	p, err := r.IAM.Policy(ctx, st.Resource)
	if ok, err := r.readable(ctx, st.Resource, err); !ok || err != nil {
		return Snapshot{}, err
	}
	return Snapshot{Policy: &p}, nil
}

// intended is what applying the plan would change of what is live now. It is
// stored with the claim: a process that dies after its write has then said
// what it was about to write, and an undo brings back that and nothing else.
func (r *Remediator) intended(ctx context.Context, p Plan) []Step {
	var out []Step
	for _, st := range p.Steps {
		now, err := r.live(ctx, st)
		if err != nil {
			out = append(out, st) // applying says what is wrong
			continue
		}
		if left, ok := now.left(st); ok {
			out = append(out, left)
		}
	}
	return out
}

// asLeft returns an error matching errChanged unless all that the undo would
// write is as the revert left it: what somebody changed since is theirs.
func (r *Remediator) asLeft(ctx context.Context, p Plan) error {
	for _, st := range p.Steps {
		now, err := r.live(ctx, st)
		if err != nil {
			return err
		}
		if left, ok := now.left(st); !ok || len(left.deltas()) != len(st.deltas()) {
			return fmt.Errorf("%s was changed since the revert: %w", st.Resource, errChanged)
		}
	}
	return nil
}

// merged adds what was written now to what was written before: to the step's
// grants where there was such a step, else as a step of its own.
func merged(before, now []Step) []Step {
	out := slices.Clone(before)
	for _, s := range now {
		i := slices.IndexFunc(out, func(o Step) bool { return o.Kind == s.Kind && o.Resource == s.Resource })
		if i < 0 {
			out = append(out, s)
			continue
		}
		ds := out[i].deltas()
		for _, d := range s.deltas() {
			if !slices.Contains(ds, d) {
				ds = append(ds, d)
			}
		}
		out[i] = out[i].with(ds)
	}
	return out
}
