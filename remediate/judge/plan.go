package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Plan is what would end a violation: typed steps with their before and after,
// bound together by a digest. An answer authorises exactly one digest.
type Plan struct {
	Steps  []Step `json:"steps,omitempty"`
	Digest string `json:"digest,omitempty"`
	// Missing says why there is no step, or not every step.
	Missing string `json:"missing,omitempty"`
}

// Empty reports whether there is nothing to do.
func (p Plan) Empty() bool { return len(p.Steps) == 0 }

// Executable reports whether every step says what to write, so that applying
// the plan needs no further choice.
func (p Plan) Executable() bool {
	return !p.Empty() && !slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Kind == policies.RestoreIdentity && s.After.ServiceAccount == "" ||
			s.Kind == policies.RestoreIngress && s.After.Ingress == ""
	})
}

// NewPlan binds the steps with their digest.
func NewPlan(steps []Step, missing string) Plan {
	if len(steps) == 0 {
		return Plan{Missing: missing}
	}
	b, err := json.Marshal(steps)
	if err != nil {
		panic(fmt.Sprintf("marshal plan: %v", err)) // plain values only: cannot happen
	}
	sum := sha256.Sum256(b)
	return Plan{Steps: steps, Digest: hex.EncodeToString(sum[:]), Missing: missing}
}

// Alike reports whether both plans do the same, for whichever template each of
// them was made: a deploy makes a new one, and what people decided of it, or
// rescind fought over, is not new.
func (p Plan) Alike(o Plan) bool { return p.Digest == o.Digest || p.anyTemplate() == o.anyTemplate() }

// anyTemplate is the digest of the plan without the templates it is for, and without the
// traffic that those get: a plan that gives traffic back does what one of another day
// does. Most plans are for no template, and keep their digest.
func (p Plan) anyTemplate() string {
	if !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Before.Template != "" || s.After.Template != "" }) {
		return p.Digest
	}
	steps := slices.Clone(p.Steps)
	for i := range steps {
		steps[i].Before.Template, steps[i].After.Template = "", ""
		steps[i].Before.TemplateUID, steps[i].After.TemplateUID = "", ""
		steps[i].Before.Traffic, steps[i].After.Traffic, steps[i].After.ChangedSince = nil, nil, 0
	}
	return NewPlan(steps, "").Digest
}

// InverseOf is the plan that undoes the steps, last first.
func InverseOf(steps []Step) Plan {
	var out []Step
	for _, s := range slices.Backward(steps) {
		out = append(out, s.Inverse())
	}
	return NewPlan(out, "")
}

// Grants are those that the plan is about.
func (p Plan) Grants() []cloud.Grant {
	var out []cloud.Grant
	for _, s := range p.Steps {
		out = append(out, s.Before.Grants...)
	}
	return out
}

// restoreOptions are the states to go back to that neither the change nor live
// state shows.
type restoreOptions struct {
	fallback  string                    // the account of the project's configuration
	unfit     func(Step) string         // why an account is not to be gone back to, or ""
	worsens   func(Step) string         // which policy has something against the step, or ""
	ingresses func() ([]string, string) // the settings to choose from, or why they are unknown
	note      func(why string)          // takes why another step, of less consequence, is not the plan
}

// unlessWorse leaves a step to a person that another policy has something against. Steps
// that are chosen among several are asked about as they are chosen.
func (o restoreOptions) unlessWorse(s *Step, why string) (*Step, string) {
	if s == nil || why != "" {
		return s, why
	}
	if worse := o.worsens(*s); worse != "" {
		return nil, fmt.Sprintf("%s is left to a person: %s", s.Kind, worse)
	}
	return s, ""
}

// planFor says what would end the violation, as far as it can be known
// without guessing: only what violates, only what is (still) there.
func planFor(r policies.Result, c cloud.Change, now Snapshot, opts restoreOptions) Plan {
	switch {
	case r.Verdict == policies.Exempt:
		return Plan{Missing: "exempt: nothing to do"}
	case c.Resource.Kind == cloud.RunInstance:
		return Plan{Missing: "rescind writes nothing to an instance: a person has to change it, or stop it (gcloud beta run instances stop)"}
	}
	var steps []Step
	var missing []string
	for _, kind := range r.Remediation {
		var s *Step
		var why string
		switch kind {
		case policies.RemoveGrants:
			s, why = opts.unlessWorse(removeGrants(r, c, now), "")
		case policies.RequireInvoker:
			s, why = opts.unlessWorse(requireInvoker(r, c), "")
		case policies.RestoreIdentity, policies.RestoreRevision:
			if slices.ContainsFunc(steps, Step.ofIdentity) {
				continue
			}
			s, why = endIdentity(r, c, now, opts)
		case policies.RestoreIngress:
			s, why = restoreIngress(r, c, opts.ingresses)
		case policies.RestoreCondition:
			s, why = opts.unlessWorse(restoreCondition(r, c, now))
		case policies.RestoreConstrain:
			s, why = opts.unlessWorse(restoreConstraint(c, now))
		default:
			why = "rescind cannot apply " + string(kind) + " yet"
		}
		if s != nil {
			steps = append(steps, *s)
		}
		if why != "" && !slices.Contains(missing, why) {
			missing = append(missing, why)
		}
	}
	if len(steps) == 0 && len(missing) == 0 {
		missing = append(missing, "no step of this policy ends the violation: a person has to")
	}
	return NewPlan(steps, strings.Join(missing, "; "))
}
