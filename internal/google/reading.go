package google

import (
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// reading is one thing that is read of Google Cloud and kept for a while. It is
// comparable and holds no pointer.
type reading struct {
	kind readingKind
	of   string // the container or role that is read: "projects/p", "folders/1"
	name string // what is looked for in it: a constraint, an account
}

// readingKind is what is read.
type readingKind string

const (
	projectItself      readingKind = "project"
	folderItself       readingKind = "folder"
	organizationItself readingKind = "organization"
	effectivePolicy    readingKind = "effective policy" // of the constraint name
	rolePermissions    readingKind = "role"
	projectRunsAs      readingKind = "runs as"          // the account name, in the project
	searchedRunsAs     readingKind = "searched"         // the account name, anywhere
	grantedAccounts    readingKind = "granted accounts" // by the container's allow policy
	groupMembers       readingKind = "group"            // the service accounts in it
)

const (
	// readLifetime is how long what was read is believed when nothing told us of a
	// change; events may be lost, so it is short.
	readLifetime = 5 * time.Minute
	// grantsLifetime is that of what allow policies grant. Of several processes one is
	// told of a change, so the others are behind it for as long.
	grantsLifetime = time.Minute
)

func (k readingKind) lifetime() time.Duration {
	if k == grantedAccounts {
		return grantsLifetime
	}
	return readLifetime
}

// key is the reading as one string. No name in Google Cloud holds a line break.
func (r reading) key() string { return string(r.kind) + "\n" + r.of + "\n" + r.name }

// concernedBy reports whether the change may have made what was read untrue.
func (r reading) concernedBy(change *cloud.Change) bool {
	switch r.kind {
	case projectItself, folderItself:
		return change.Verb == cloud.Move && same(r.of, change.Resource.Path())
	case effectivePolicy:
		return r.setBy(change) || (change.Verb == cloud.Move || change.Verb == cloud.Tag) && r.inherits(change.Resource)
	case rolePermissions:
		return change.Service == "iam.googleapis.com" && change.Verb != cloud.SetPolicy
	case projectRunsAs: // a deploy may begin or end an account's use
		return deploys(change) && same(r.of, cloud.ProjectResource(change.Resource.Project).Path())
	case searchedRunsAs:
		return deploys(change)
	case grantedAccounts:
		return change.Verb == cloud.SetPolicy && same(r.of, change.Resource.Path())
	}
	return false
}

func deploys(c *cloud.Change) bool { return c.Resource.Kind.Workload() && c.Verb != cloud.SetPolicy }

// setBy reports whether the change set the constraint where the policy is inherited
// from. A constraint that the entry does not name may be any.
func (r reading) setBy(change *cloud.Change) bool {
	if change.Verb != cloud.SetOrg && change.Resource.Kind != cloud.OrgPolicy {
		return false
	}
	if set := change.Constraint; set != nil && set.Name != "" && set.Name != r.name {
		return false
	}
	at := change.Resource
	if at.Kind == cloud.OrgPolicy {
		at, _ = cloud.ParseContainer(at.Parent)
	}
	return r.inherits(at)
}

// inherits reports whether what is so at the container may be so at the one that was
// read: what is below a folder is not known.
func (r reading) inherits(from cloud.Resource) bool {
	return from.Kind != cloud.Project || same(r.of, from.Path())
}

// same reports whether both may name one container. A project has an id and a number,
// and of two names of which one is a number nobody here can tell.
func same(a, b string) bool {
	x, isProject := strings.CutPrefix(a, "projects/")
	y, both := strings.CutPrefix(b, "projects/")
	return a == b || isProject && both && (isNumber(x) || isNumber(y))
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }
