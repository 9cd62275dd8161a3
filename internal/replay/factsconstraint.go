package replay

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// constraint walks up from the project to the nearest container that says
// something of the constraint, as organization policies are inherited. A write
// in the history says it from its time on, the facts file at all times; in one
// container the history goes before the file.
func (f factsAt) constraint(name, project string) policies.Fact {
	enforced := func(c cloud.ConstraintChange) cloud.Flag { return c.Enforced }
	fact, found := f.inForce(name, project, enforced, f.file.enforced(name), true)
	if found {
		return fact
	}
	if _, why := f.chain(project); why != "" {
		return policies.Fact{Why: why}
	}
	if f.file != nil && f.file.constraints[name].enforced == nil {
		return policies.Fact{Why: f.file.Name + " does not list the constraint"}
	}
	return f.elsewhere(project, false, name, f.file.enforced(name))
}

// allows is the same for one value of a list constraint.
func (f factsAt) allows(q policies.Question) policies.Fact {
	allows := func(c cloud.ConstraintChange) cloud.Flag { return c.Allows(q.Value) }
	fact, found := f.inForce(q.Name, q.Project, allows, f.file.denying(q.Name, q.Value), false)
	if found {
		return fact
	}
	if _, why := f.chain(q.Project); why != "" {
		return policies.Fact{Why: why}
	}
	if f.file != nil && f.file.constraints[q.Name].denies == nil {
		return policies.Fact{Why: f.file.Name + " does not list what the constraint denies"}
	}
	return f.elsewhere(q.Project, true, q.Name, f.file.denying(q.Name, q.Value))
}

// inForce is what the nearest container says that says anything: by an entry,
// which read tells the meaning of, or by being one of those that the file
// lists as having the value.
func (f factsAt) inForce(name, project string, read func(cloud.ConstraintChange) cloud.Flag, listed []string, value bool) (_ policies.Fact, found bool) {
	named := f.paths(listed)
	chain, _ := f.chain(project)
	for _, container := range chain {
		if w, ok := f.learned.policyAt(policyKey{name, container}, f.at); ok {
			return w.fact(container, read(w.change)), true
		}
		if slices.Contains(named, container) {
			return policies.Fact{Known: true, Value: value, Source: f.source() + ": " + container}, true
		}
	}
	return policies.Fact{}, false
}

func (w policyWrite) fact(container string, says cloud.Flag) policies.Fact {
	if w.at.IsZero() {
		return policies.Fact{Why: container + " changed it at a time that no entry tells"}
	}
	if says.Knowledge != cloud.Known {
		return policies.Fact{Why: fmt.Sprintf("%s changed it at %s, and what is in force since cannot be told from the entry",
			container, w.at.Format(time.RFC3339))}
	}
	return policies.Fact{Known: true, Value: says.On, Source: "learned: " + container + " set it", At: w.at}
}

// elsewhere is the answer for a project of which nothing is said: a project
// that the facts file lists has the other value, unless it may lie in one of the
// containers that are named: the file has to say what holds it then.
func (f factsAt) elsewhere(project string, value bool, name string, named []string) policies.Fact {
	if f.file == nil {
		return policies.Fact{Why: "there is no facts file, and the history shows no earlier change of it"}
	}
	l, ok := f.file.listed(f.learned.numbers.id(project))
	switch above := f.aboveProjects(name, named); {
	case !ok:
		return policies.Fact{Why: f.file.Name + " does not list the project"}
	case !l.placed && above != "":
		return policies.Fact{Why: f.file.Name + " gives no ancestors of the project, which may lie in " + above + ": add `ancestors` to it"}
	}
	return policies.Fact{Known: true, Value: value, Source: f.source()}
}

// paths are the containers' names with projects under their ids.
func (f factsAt) paths(containers []string) []string {
	var out []string
	for _, s := range containers {
		if c, ok := cloud.ParseContainer(s); ok {
			out = append(out, f.learned.numbers.resource(c).Path())
		}
	}
	return out
}

// chain is the project and what holds it, nearest first, as far as that is known at the
// moment; why says what keeps the rest from being known.
func (f factsAt) chain(project string) (chain []string, why string) {
	project = f.learned.numbers.id(project) // a default account names its project by number
	l, _ := f.file.listed(project)
	return f.unmoved(append([]string{cloud.ProjectResource(project).Path()}, l.ancestors...))
}

// aboveProjects is a folder or organization that says something of the constraint, in the
// facts file or by an entry; "" for none.
func (f factsAt) aboveProjects(name string, named []string) string {
	named = append(slices.Clip(named), f.learned.changedAt[name]...)
	for _, s := range slices.Sorted(slices.Values(named)) {
		if c, ok := cloud.ParseContainer(s); ok && c.Kind != cloud.Project {
			return c.Path()
		}
	}
	return ""
}
