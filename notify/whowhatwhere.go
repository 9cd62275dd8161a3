package notify

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// maxActors is how many people a card names before it counts: a finding that
// many changes joined must still fit a phone.
const maxActors = 4

// who names those who made the change and those that joined it, or who is not to answer
// for what it shows.
func who(f finding.Finding) string {
	if f.LeftAsItWas() {
		return actor(f.Change.Actor) + " (left it as it was)"
	}
	var names []string
	for i, a := range f.Actors {
		if i == maxActors {
			names = append(names, fmt.Sprintf("and %d more", len(f.Actors)-maxActors))
			break
		}
		names = append(names, actor(a))
	}
	if len(names) == 0 {
		return actor(f.Change.Actor)
	}
	return strings.Join(names, ", ")
}

func actor(a cloud.Actor) string {
	name := person(a.Principal)
	if len(a.Delegation) > 0 {
		name += " through " + strings.Join(a.Delegation, ", ")
	}
	return name
}

// person drops the "user:" that says nothing to a reader; every other type of
// principal is worth knowing.
func person(principal string) string {
	if principal == "" || principal == cloud.UnknownActor {
		return "somebody the log does not name"
	}
	return strings.TrimPrefix(principal, "user:")
}

var verbs = map[cloud.Verb]string{
	cloud.Create: "created", cloud.Replace: "replaced", cloud.Update: "changed", cloud.Delete: "deleted",
	cloud.SetPolicy: "set the allow policy of", cloud.SetOrg: "set the organization policy of",
	cloud.Move: "moved", cloud.DefineRole: "changed a custom role of", cloud.CreateKey: "made a key of", cloud.Tag: "changed a tag of",
}

var kinds = map[cloud.Kind]string{
	cloud.RunService: "service", cloud.RunJob: "job", cloud.RunWorkerPool: "worker pool", cloud.RunInstance: "instance",
	cloud.Project: "project", cloud.Folder: "folder", cloud.Organization: "organization",
	cloud.ServiceAccount: "service account", cloud.OrgPolicy: "constraint",
}

func verb(c cloud.Change) string {
	if v := verbs[c.Verb]; v != "" {
		return v
	}
	return "changed"
}

// did says what was done, with the method as the log has it.
func did(c cloud.Change) string {
	s := verb(c) + " the " + kind(done(c))
	if c.Method != "" {
		s += " (" + c.Method + ")"
	}
	return s
}

// done is what the call was about: a constraint is in force elsewhere by what was done to
// a container.
func done(c cloud.Change) cloud.Resource {
	if at, ok := cloud.ParseContainer(c.Resource.Parent); ok && (c.Verb == cloud.Move || c.Verb == cloud.Tag) {
		return at
	}
	return c.Resource
}

func kind(r cloud.Resource) string {
	if k := kinds[r.Kind]; k != "" {
		return k
	}
	return "resource"
}

// where names a resource the way people say it.
func where(r cloud.Resource) string {
	switch {
	case r == cloud.Resource{}:
		return "an unknown resource"
	case r.Kind.Workload():
		return kind(r) + " " + r.Name + " in " + r.Location + ", project " + r.Project
	case r.Kind == cloud.ServiceAccount:
		return "service account " + r.Name + ", project " + r.Project
	case r.Kind == cloud.OrgPolicy:
		return "constraint " + r.Name + " at " + r.Parent
	}
	return kind(r) + " " + r.Name
}
