package replay

import (
	"context"
	"slices"
	"strings"
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
	case policies.ConstraintAllows:
		return f.allows(q)
	case policies.ConstraintHeld:
		return f.held(q.Name, q.Value)
	case policies.ConstraintInherited:
		return f.inherited(q.Name, q.Value)
	case policies.ProjectNumber:
		return f.projectNumber(q)
	case policies.OrganizationDomain:
		return f.organizationDomain(q)
	case policies.RuntimeIdentity:
		return f.runtimeIdentity(q.Name)
	case policies.ConstraintConditional:
		return f.conditional(q)
	case policies.ConstraintAbout:
		return f.about(q)
	case policies.ServicesBelow:
		return f.servicesBelow(q)
	case policies.HoldsBasicRole:
		return f.holdsBasicRole(q.Name)
	case policies.Ancestors:
		return f.ancestors(q.Name)
	case policies.RoleInvokes:
		return f.roleInvokes(q.Name)
	}
	return policies.Fact{Why: "replay knows nothing of " + string(q.Kind)}
}

// runtimeIdentity is known even for an account that nothing mentions: history
// and facts file together are all that a replay is about, and an account that
// neither shows to run anything is not held to.
func (f factsAt) runtimeIdentity(email string) policies.Fact {
	if group, ok := strings.CutPrefix(email, "group:"); ok {
		return f.groupRuns(group)
	}
	if f.file != nil && f.file.identities[email] {
		return policies.Fact{Known: true, Value: true, Source: f.source()}
	}
	if s, ok := f.learned.identities[email]; ok {
		return policies.Fact{Known: true, Value: true, Source: "learned: " + s.workload.Path() + " was deployed as it", At: s.at}
	}
	if s, ok := f.learned.asked[email]; ok {
		return policies.Fact{Why: s.workload.Path() + " was to run as it, and how that ended is not in the log"}
	}
	return policies.Fact{Known: true, Source: "neither the history nor a facts file shows one"}
}

// groupRuns is known for a group whose members the facts file lists.
func (f factsAt) groupRuns(group string) policies.Fact {
	if f.file == nil {
		return policies.Fact{Why: "who is in a group is in no log, and there is no facts file"}
	}
	members, listed := f.file.groups[group]
	if !listed {
		return policies.Fact{Why: "who is in a group is in no log, and " + f.file.Name + " does not list its members"}
	}
	unsure := ""
	for _, m := range members {
		run := f.runtimeIdentity(m)
		if !run.Known {
			unsure = m + ": " + run.Why
		}
		if run.Value {
			return policies.Fact{Known: true, Value: true, Source: f.source() + " lists " + m + "; " + run.Source, At: run.At}
		}
	}
	if unsure != "" {
		return policies.Fact{Why: unsure}
	}
	return policies.Fact{Known: true, Source: f.source() + " lists its members, and no workload runs as one"}
}

func (f factsAt) ancestors(container string) policies.Fact {
	fact := f.listedAbove(container)
	if !fact.Known {
		return fact
	}
	if _, why := f.unmoved(append([]string{f.containerPath(container)}, fact.List...)); why != "" {
		return policies.Fact{Why: why}
	}
	return fact
}

// listedAbove is what the facts file says holds the container.
func (f factsAt) listedAbove(container string) policies.Fact {
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
	l, ok := f.file.listed(f.learned.numbers.id(c.Name))
	switch {
	case !ok && isNumber(c.Name):
		return policies.Fact{Why: f.file.Name + " lists no project of that number"}
	case !ok:
		return policies.Fact{Why: f.file.Name + " does not list the project"}
	case !l.placed:
		return policies.Fact{Why: f.file.Name + " gives no ancestors of the project"}
	}
	return policies.Fact{Known: true, List: l.ancestors, Source: f.source()}
}

func (f factsAt) projectNumber(q policies.Question) policies.Fact {
	number := f.learned.numbers.of(q.Project)
	if number == "" {
		return policies.Fact{Why: "neither the history nor a facts file shows the number of " + q.Project}
	}
	if l, ok := f.file.listed(q.Project); ok && l.number == number {
		return policies.Fact{Known: true, Value: number == q.Value, Source: f.source()}
	}
	return policies.Fact{Known: true, Value: number == q.Value, Source: "learned: entries of the project show its number"}
}

// organizationDomain is known for an organization whose domains the facts file
// lists: it is to list all of them.
func (f factsAt) organizationDomain(q policies.Question) policies.Fact {
	if f.file == nil {
		return policies.Fact{Why: "there is no facts file"}
	}
	domains, ok := f.file.domains[q.Name]
	if !ok {
		return policies.Fact{Why: f.file.Name + " does not list the domains of " + q.Name}
	}
	return policies.Fact{Known: true, Value: slices.Contains(domains, q.Value), Source: f.source()}
}

func (f factsAt) source() string { return "facts file " + f.file.Name }

// roleInvokes is known from the latest write of the role before the moment. Of one without
// a time nobody knows what it came after.
func (f factsAt) roleInvokes(name string) policies.Fact {
	all := f.learned.roles[name]
	var last *roleWrite
	for i := range all {
		if !all[i].at.After(f.at) {
			last = &all[i]
		}
	}
	switch {
	case len(all) == 0:
		return policies.Fact{Why: "custom roles are not in the facts file, and the history does not show it defined"}
	case all[0].at.IsZero():
		return policies.Fact{Why: "the history shows it defined at a time that nobody knows"}
	case last == nil:
		return policies.Fact{Why: "the history shows it defined only later"}
	case last.invokes.Knowledge != cloud.Known:
		return policies.Fact{Why: "the entry of its last change does not show what it allows"}
	}
	return policies.Fact{Known: true, Value: last.invokes.On, Source: "learned: the role was defined so", At: last.at}
}

// holdsBasicRole is known where the history shows it given and not taken, or the facts file
// lists who holds one.
func (f factsAt) holdsBasicRole(email string) policies.Fact {
	held := map[basicGrant]time.Time{}
	for _, g := range f.learned.basic[email] {
		of := basicGrant{at: g.at, role: g.role}
		switch {
		case g.time.After(f.at):
		case g.taken:
			delete(held, of)
		default:
			held[of] = g.time
		}
	}
	for g, at := range held {
		return policies.Fact{Known: true, Value: true, Source: "learned: it was given " + g.role + " on " + g.at.Path(), At: at}
	}
	if f.file != nil && f.file.basicRoles != nil {
		return policies.Fact{Known: true, Value: f.file.basicRoles[strings.ToLower(email)], Source: f.source()}
	}
	return policies.Fact{Why: "the history does not show it given one, and no facts file says who holds one (basic_role_holders)"}
}
