package replay

import (
	"fmt"
	"slices"
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
