package policies

import (
	"slices"
	"time"

	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/glob"
)

// Effective is what one policy comes to in one project, and why.
type Effective struct {
	Policy Policy
	// Kinds are those of the policy's that can lie in a project, none for a
	// policy about folders and organizations.
	Kinds []cloud.Kind
	// Enforcement is what a violation there asks for, by the override that
	// EnforcedBy names, empty for the policy's own. Unsure says why an
	// override could not be looked for; Enforcement is then the most that is
	// safe.
	Enforcement Enforcement
	EnforcedBy  string
	Unsure      []string
	// Idle is true when nothing in the project can violate the policy as far
	// as the facts go, say because the constraint it rests on is not enforced.
	Idle bool
	// Facts are what the policy rests on there: the ancestors, where it has
	// overrides above the project or asks for them, and the constraints it names.
	Facts []FactLine
	// Exemptions are those that can cover something in the project.
	Exemptions []EffectiveExemption
}

// EffectiveExemption is an exemption, and whether it has ended.
type EffectiveExemption struct {
	Exemption
	Expired bool
	Ending  bool // within two weeks
}

// Effective says of each policy what would come of a violation in the project,
// as Evaluate would say it at that moment with these facts.
func (s *Set) Effective(project string, now time.Time, fact func(Question) Fact) ([]Effective, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	p, err := newProspect(c)
	if err != nil {
		return nil, err
	}
	there := outlook{compiler: c, prospect: p, project: project, now: now, fact: fact}
	var out []Effective
	for _, r := range s.rules {
		x, err := there.of(r)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// outlook is a project at a moment, as far as it is known.
type outlook struct {
	compiler *compiler
	prospect prospect
	project  string
	now      time.Time
	fact     func(Question) Fact
}

func (o outlook) of(r *rule) (Effective, error) {
	x := Effective{Policy: r.Policy.clone(), Exemptions: o.exemptions(r)}
	for _, k := range r.On {
		if canLieIn(k, cloud.Project) {
			x.Kinds = append(x.Kinds, k)
		}
	}
	if len(x.Kinds) == 0 {
		return x, nil
	}
	facts := Facts{}
	if o.needsAncestors(r) {
		q := Question{Kind: Ancestors, Name: cloud.ProjectResource(o.project).Path()}
		facts[q] = o.fact(q)
		x.Facts = append(x.Facts, LineOf(q, facts[q]))
	}
	e := newEvaluation(Input{Change: cloud.Change{Resource: cloud.ProjectResource(o.project)}, Facts: facts, Now: o.now})
	x.Enforcement, x.EnforcedBy, x.Unsure, _ = e.enforcement(r)
	known := situation{"resource.project": types.String(o.project)}
	for _, name := range o.compiler.constraints(r.When) {
		q := Question{Kind: ConstraintEnforced, Name: name, Project: o.project}
		f := o.fact(q)
		x.Facts = append(x.Facts, LineOf(q, f))
		if f.Known {
			known["constraint("+name+").enforced"] = types.Bool(f.Value)
		}
	}
	if o.compiler.uses(r.When, "overridden") && x.Unsure == nil {
		known["overridden"] = types.Bool(x.EnforcedBy != "")
	}
	var err error
	x.Idle, err = o.idle(r, x.Kinds, known)
	return x, err
}

// needsAncestors reports whether what holds the project can matter.
func (o outlook) needsAncestors(r *rule) bool {
	above := slices.ContainsFunc(r.Overrides, func(o Override) bool { return o.Scope.Kind != cloud.Project })
	return above || o.compiler.uses(r.When, "ancestors")
}

// idle reports whether the policy cannot be violated, nor be unknown, there.
func (o outlook) idle(r *rule, kinds []cloud.Kind, known situation) (bool, error) {
	p, err := o.prospect.program(r.When)
	if err != nil {
		return false, err
	}
	for _, k := range kinds {
		for _, s := range situationsOf(k) {
			if mayHold(p, []situation{s.with(known)}) {
				return false, nil
			}
		}
	}
	return true, nil
}

func (o outlook) exemptions(r *rule) []EffectiveExemption {
	var out []EffectiveExemption
	for _, x := range r.exemptions {
		if x.pattern.Project == "" || !glob.Part(o.project, x.pattern.Project) {
			continue
		}
		ended := x.expired(o.now)
		out = append(out, EffectiveExemption{x.clone(), ended, !ended && x.ending(o.now) != ""})
	}
	return out
}

// LineOf is a fact in words: what it says, or that it is unknown and why.
func LineOf(q Question, f Fact) FactLine {
	if f.Known {
		return FactLine{true, f.Sentence(q)}
	}
	why := f.Why
	if why == "" {
		why = "no reason given"
	}
	return FactLine{false, doubt{q, q.What(), why}.String()}
}
