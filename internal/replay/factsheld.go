package replay

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// held is whether a constraint is enforced at a container, by the nearest that
// says something of it. A container whose policy is known to be gone says nothing,
// also where the facts file lists it: the file shows what was there.
func (f factsAt) held(name, container string) policies.Fact {
	return f.nearest(name, container, func(c string) (policyWrite, bool) {
		return f.learned.policyAt(policyKey{name, c}, f.at)
	})
}

// inherited is the same but for the policy that is set at the container itself.
// That the file lists the container counts: as nothing was set there, it is
// because of what was in force.
func (f factsAt) inherited(name, container string) policies.Fact {
	own := f.containerPath(container)
	return f.nearest(name, container, func(c string) (policyWrite, bool) {
		if c == own {
			return policyWrite{}, false
		}
		return f.learned.policyAt(policyKey{name, c}, f.at)
	})
}

func (f factsAt) nearest(name, container string, written func(string) (policyWrite, bool)) policies.Fact {
	named := f.paths(f.file.enforced(name))
	chain, placed := f.chainOf(container)
	for _, at := range chain {
		w, ok := written(at)
		switch {
		case ok && (w.at.IsZero() || w.change.Became == cloud.PolicyReset):
			return w.fact(at, cloud.Flag{})
		case ok && w.change.Reach() == cloud.GuardsInherited:
			continue
		case ok:
			return w.guards(at)
		case slices.Contains(named, at):
			return policies.Fact{Known: true, Value: true, Source: f.source() + ": " + at}
		}
	}
	switch {
	case f.file == nil:
		return policies.Fact{Why: "there is no facts file, and the history shows no earlier change of it above"}
	case f.file.constraints[name].enforced == nil:
		return policies.Fact{Why: f.file.Name + " does not list where the constraint is enforced"}
	case !placed:
		own := f.containerPath(container)
		if _, why := f.unmoved(append([]string{own}, f.listedAbove(own).List...)); why != "" {
			return policies.Fact{Why: why}
		}
		return policies.Fact{Why: f.file.Name + " does not say what holds " + container}
	}
	return policies.Fact{Known: true, Source: f.source()}
}

// guards is the answer that a policy gives which says something itself.
func (w policyWrite) guards(container string) policies.Fact {
	switch w.change.Reach() {
	case cloud.GuardsAll:
		return w.fact(container, cloud.KnownFlag(true))
	case cloud.GuardsNone:
		return w.fact(container, cloud.KnownFlag(false))
	case cloud.GuardsSome:
		return policies.Fact{Why: fmt.Sprintf("%s set it at %s so that it guards some, and not all or none", container, w.at.Format(time.RFC3339))}
	}
	return w.fact(container, cloud.Flag{})
}

// chainOf is the container and what holds it, nearest first; placed is false where
// the file does not say what does.
func (f factsAt) chainOf(container string) (chain []string, placed bool) {
	own := f.containerPath(container)
	c, ok := cloud.ParseContainer(own)
	if !ok {
		return nil, false
	}
	above := f.listedAbove(own)
	chain, moved := f.unmoved(append([]string{own}, above.List...))
	return chain, moved == "" && above.Known && (c.Kind != cloud.Organization || f.file.holds(own))
}

// containerPath names a project by its id, as the rest of a history does.
func (f factsAt) containerPath(container string) string {
	if c, ok := cloud.ParseContainer(container); ok {
		return f.learned.numbers.resource(c).Path()
	}
	return container
}

// holds reports whether the file knows the organization: by listing it, or a
// project in it.
func (f *FactsFile) holds(organization string) bool {
	if f == nil {
		return false
	}
	if _, ok := f.domains[organization]; ok {
		return true
	}
	for _, p := range f.projects {
		if slices.Contains(p.ancestors, organization) {
			return true
		}
	}
	return false
}

// conditional is what the history shows: a policy that asks for tags is no part of a facts
// file. One that enforces by each of its rules may ask for them, too.
func (f factsAt) conditional(q policies.Question) policies.Fact {
	chain, _ := f.chainOf(q.Value)
	for _, at := range chain {
		w, ok := f.learned.policyAt(policyKey{q.Name, at}, f.at)
		if ok && (w.change.Became == cloud.PolicyConditional || w.change.Became == cloud.PolicyAllEnforce) {
			return policies.Fact{Known: true, Value: true, Source: "learned: " + at + " set it", At: w.at}
		}
	}
	return policies.Fact{Known: true, Source: "the history shows none"}
}

// about is what the latest definition before the moment says.
func (f factsAt) about(q policies.Question) policies.Fact {
	out := policies.Fact{Why: "the history does not show its definition"}
	for _, w := range f.learned.defined[policyKey{q.Name, q.Value}] {
		if len(w.change.About) > 0 && !w.at.After(f.at) {
			out = policies.Fact{Known: true, List: w.change.About, Source: "learned: its definition", At: w.at}
		}
	}
	return out
}

// servicesBelow are those that the history shows, in projects that are known to lie in the
// container and not known to be covered still.
func (f factsAt) servicesBelow(q policies.Question) policies.Fact {
	in := f.containerPath(q.Name)
	var names []string
	for r, span := range f.learned.services {
		if span.began.After(f.at) || !span.ended.IsZero() && !span.ended.After(f.at) {
			continue
		}
		chain, _ := f.chain(r.Project)
		still := f.constraint(q.Value, r.Project)
		if slices.Contains(chain, in) && !(still.Known && still.Value) {
			names = append(names, r.Path())
		}
	}
	slices.SortFunc(names, strings.Compare)
	return policies.Fact{Known: true, List: names, Source: "learned: deploys in the history"}
}
