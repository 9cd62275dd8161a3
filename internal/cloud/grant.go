package cloud

import (
	"cmp"
)

// Condition is the IAM condition of a binding; the zero Condition is none.
// All four fields belong to a binding's identity: two bindings that differ in
// a title alone are two bindings.
type Condition struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Expression  string `json:"expression,omitempty"`
	Location    string `json:"location,omitempty"`
}

// Grant is one role for one member under one condition, the smallest thing
// rescind adds or removes. It is comparable.
type Grant struct {
	Role      string    `json:"role"`
	Member    Member    `json:"member"`
	Condition Condition `json:"condition,omitzero"`
}

// String is a line a person reads: "roles/run.invoker to allUsers if <expression>".
func (g Grant) String() string {
	s := g.Role + " to " + string(g.Member)
	if g.Condition != (Condition{}) {
		s += " if " + g.Condition.Expression
	}
	return s
}

// CompareGrants orders grants by role, member, condition.
func CompareGrants(a, b Grant) int {
	return cmp.Or(
		cmp.Compare(a.Role, b.Role),
		cmp.Compare(a.Member, b.Member),
		cmp.Compare(a.Condition.Expression, b.Condition.Expression),
		cmp.Compare(a.Condition.Title, b.Condition.Title),
		cmp.Compare(a.Condition.Description, b.Condition.Description),
		cmp.Compare(a.Condition.Location, b.Condition.Location),
	)
}

// Action is what a delta does.
type Action string

// The two actions of an IAM policy delta, in Google's own words.
const (
	Add    Action = "ADD"
	Remove Action = "REMOVE"
)

// Delta is one grant added or removed.
type Delta struct {
	Action Action `json:"action"`
	Grant  Grant  `json:"grant"`
}

// Deltas returns one delta a grant, in their order; nil for none.
func Deltas(a Action, gs []Grant) []Delta {
	var out []Delta
	for _, g := range gs {
		out = append(out, Delta{a, g})
	}
	return out
}

// BasicRole reports whether the role is one of the basic ones of either generation that may
// change nearly everything.
// https://cloud.google.com/iam/docs/roles-overview#basic
func BasicRole(role string) bool {
	switch role {
	case "roles/owner", "roles/editor", "roles/admin", "roles/writer":
		return true
	}
	return false
}

// RoleInvokes reports whether a predefined role can invoke a service or run a job; listed is
// false where that has to be looked up.
func RoleInvokes(role string) (invokes, listed bool) {
	invokes, listed = invokingRoles[role]
	return invokes, listed
}

// invokingRoles says of predefined roles whether they hold run.routes.invoke
// or run.jobs.run, so that the common cases need no look-up. As of November
// 2026, from
//
//   - https://cloud.google.com/iam/docs/roles-permissions/run (Cloud Run's roles
//     and, by permission, the roles that hold it),
//   - https://cloud.google.com/run/docs/authenticating/overview ("services are
//     only callable by Project Owners, Project Editors, and Cloud Run Admins
//     and Cloud Run Invokers").
//
// A role that is not listed is asked for: custom roles, and the
// roles of other products, some of which hold these permissions too.
var invokingRoles = map[string]bool{
	"roles/owner":  true,
	"roles/editor": true,
	"roles/viewer": false,

	// The newer generation of these. What it holds is taken to be the same.
	// https://cloud.google.com/iam/docs/roles-overview#basic
	"roles/admin":  true,
	"roles/writer": true,
	"roles/reader": false,

	"roles/run.admin":                     true,
	"roles/run.builder":                   false,
	"roles/run.developer":                 true,
	"roles/run.invoker":                   true,
	"roles/run.jobsExecutor":              true,
	"roles/run.jobsExecutorWithOverrides": true,
	"roles/run.servicesInvoker":           true,
	"roles/run.sourceDeveloper":           true,
	"roles/run.sourceViewer":              false,
	"roles/run.viewer":                    false,
}
