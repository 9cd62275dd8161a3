package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// factsAt answers questions as of one moment of the history, from the facts
// file and from what the history itself shows. It is remediate's FactsClient.
type factsAt struct {
	file    *FactsFile // nil: none was given
	learned *learned
	at      time.Time
}

// Changed does nothing: the whole history is known already.
func (f factsAt) Changed(cloud.Change) {}

// Fact answers the question, or says why it cannot be answered.
func (f factsAt) Fact(_ context.Context, q policies.Question) policies.Fact {
	switch q.Kind {
	case policies.ConstraintEnforced:
		return f.constraint(q.Name, q.Project)
	case policies.RuntimeIdentity:
		return f.runtimeIdentity(q.Name)
	case policies.Ancestors:
		return f.ancestors(q.Name)
	case policies.RoleInvokes:
		return policies.Fact{Why: "custom roles are not in the facts file"}
	}
	return policies.Fact{Why: "replay knows nothing of " + string(q.Kind)}
}

// constraint walks up from the project to the nearest container that says
// something of the constraint, as organization policies are inherited. A write
// in the history says it from its time on, the facts file at all times; in one
// container the history goes before the file.
func (f factsAt) constraint(name, project string) policies.Fact {
	for _, container := range f.chain(project) {
		k := policyKey{name, container}
		if w, ok := f.learned.policyAt(k, f.at); ok {
			if w.enforced.Knowledge != cloud.Known {
				return policies.Fact{Why: fmt.Sprintf("%s changed it at %s, and what is enforced since cannot be told from the entry",
					container, w.at.Format(time.RFC3339))}
			}
			return policies.Fact{Known: true, Value: w.enforced.On, Source: "learned: " + container + " set it", At: w.at}
		}
		if f.file != nil && slices.Contains(f.enforced(name), container) {
			return policies.Fact{Known: true, Value: true, Source: f.source() + ": " + container}
		}
	}
	return f.notEnforced(name, project)
}

// notEnforced is the answer for a project of which nothing says that the
// constraint is enforced: a project that the facts file lists is not.
func (f factsAt) notEnforced(name, project string) policies.Fact {
	if f.file == nil {
		return policies.Fact{Why: "there is no facts file, and the history shows no earlier change of it"}
	}
	if _, ok := f.file.constraints[name]; !ok {
		return policies.Fact{Why: f.file.Name + " does not list the constraint"}
	}
	if _, ok := f.file.listed(project); !ok {
		return policies.Fact{Why: fmt.Sprintf("%s does not list the project", f.file.Name)}
	}
	return policies.Fact{Known: true, Source: f.source()}
}

// enforced lists the containers of the file where the constraint is enforced,
// projects under their ids.
func (f factsAt) enforced(name string) []string {
	var out []string
	for _, s := range f.file.constraints[name] {
		if c, ok := cloud.ParseContainer(s); ok {
			out = append(out, f.learned.numbers.resource(c).Path())
		}
	}
	return out
}

// chain is the project and what holds it, nearest first.
func (f factsAt) chain(project string) []string {
	l, _ := f.file.listed(project)
	return append([]string{cloud.ProjectResource(project).Path()}, l.ancestors...)
}

// runtimeIdentity is known even for an account that nothing mentions: history
// and facts file together are all that a replay is about, and an account that
// neither shows to run anything is not held to.
func (f factsAt) runtimeIdentity(email string) policies.Fact {
	if f.file != nil && f.file.identities[email] {
		return policies.Fact{Known: true, Value: true, Source: f.source()}
	}
	if s, ok := f.learned.identities[email]; ok {
		return policies.Fact{Known: true, Value: true, Source: "learned: " + s.workload.Path() + " was deployed as it", At: s.at}
	}
	return policies.Fact{Known: true, Source: "neither the history nor a facts file shows one"}
}

func (f factsAt) ancestors(container string) policies.Fact {
	c, ok := cloud.ParseContainer(container)
	switch {
	case !ok:
		return policies.Fact{Why: "it is no project, folder or organization"}
	case c.Kind == cloud.Organization:
		return policies.Fact{Known: true, Source: "an organization is at the top"}
	case f.file == nil:
		return policies.Fact{Why: "there is no facts file"}
	case c.Kind == cloud.Folder:
		if list, ok := f.file.folders[c.Path()]; ok {
			return policies.Fact{Known: true, List: list, Source: f.source()}
		}
		return policies.Fact{Why: f.file.Name + " lists no project below it"}
	}
	l, ok := f.file.listed(c.Name)
	switch {
	case !ok:
		return policies.Fact{Why: f.file.Name + " does not list the project"}
	case !l.placed:
		return policies.Fact{Why: f.file.Name + " gives no ancestors of the project"}
	}
	return policies.Fact{Known: true, List: l.ancestors, Source: f.source()}
}

func (f factsAt) source() string { return "facts file " + f.file.Name }
