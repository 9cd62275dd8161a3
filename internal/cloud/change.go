package cloud

import (
	"slices"
	"strings"
	"time"
)

// Verb is what a change did to its resource.
type Verb string

// The verbs. Replace is v1's whole-object write, Update is v2's, with a mask.
const (
	Create    Verb = "create"
	Replace   Verb = "replace"
	Update    Verb = "update"
	Delete    Verb = "delete"
	SetPolicy Verb = "setIamPolicy"
	SetOrg    Verb = "setOrgPolicy"
	// Move gives a project or folder another parent. No policy is about it.
	Move Verb = "move"
	// DefineRole makes, changes or deletes a custom role of the project or organization
	// that is its resource: what every grant of the role allows.
	DefineRole Verb = "defineRole"
	// Tag binds a tag to a project, folder or organization, or takes it off: policies with
	// a condition may ask for it. No policy is about the tag itself.
	Tag Verb = "tag"
	// CreateKey makes a key of the service account that is its resource: whoever holds it
	// is the account, for as long as the key is valid.
	CreateKey Verb = "createKey"
)

// Half tells the two entries of one long-running operation apart.
type Half string

// Whole is an entry that stands alone (or is both halves at once).
const (
	Whole     Half = ""
	FirstHalf Half = "first"
	LastHalf  Half = "last"
)

// Actor is who made a change, as the audit log names them.
type Actor struct {
	// Principal is "user:a@example.com", "serviceAccount:…" or a
	// "principal://…" subject; "unknown" where the entry names nobody.
	Principal string `json:"principal"`
	// Delegation lists the principals the caller acted through, first first.
	Delegation []string `json:"delegation,omitempty"`
}

// UnknownActor is the Principal of an entry that names nobody.
const UnknownActor = "unknown"

// Unread is one thing an entry leaves open, and why.
type Unread struct {
	Field string `json:"field"` // "identity", "invoker check", "grants"
	Why   string `json:"why"`
}

// Change is what one audit-log entry says was done, once decoded. It is a
// hint: what rescind does about it is decided on live state.
type Change struct {
	// ID identifies the change: logName, timestamp and insertId, or the
	// operation for the halves of a long-running one. Two deliveries of one
	// entry have the same ID. Empty when the entry has no insertId: such an
	// entry is never taken for a duplicate.
	ID string `json:"id,omitempty"`
	// Content is the digest of all that was judged, by which the engine tells a
	// delivery of the same entry from another that only has its ID. Empty before.
	Content   string    `json:"content,omitempty"`
	LogName   string    `json:"log_name,omitempty"`
	InsertID  string    `json:"insert_id,omitempty"`
	Operation string    `json:"operation,omitempty"` // long-running operation id
	Half      Half      `json:"half,omitempty"`
	Time      time.Time `json:"time"`
	Service   string    `json:"service"` // "run.googleapis.com"
	Method    string    `json:"method"`  // as logged
	Verb      Verb      `json:"verb"`
	Resource  Resource  `json:"resource"`
	Actor     Actor     `json:"actor"`
	UserAgent string    `json:"user_agent,omitempty"` // supplied by the caller: a hint, never proof

	// Deltas is what an allow-policy change added and removed; meaningful
	// when HasDelta. Cloud Run's entries carry none.
	Deltas   []Delta `json:"deltas,omitempty"`
	HasDelta bool    `json:"has_delta,omitempty"`
	// Lost are grants under a condition that were taken from the resource shortly before the
	// change, and not given back since, as far as that is remembered. No entry shows them.
	Lost []Grant `json:"lost,omitempty"`
	// Policy is the allow policy after the change, where the entry shows it.
	Policy *AllowPolicy `json:"policy,omitempty"`
	// Workload is the workload after the change, as far as the entry shows it.
	Workload *Workload `json:"workload,omitempty"`
	// Constraint is what happened to an organization policy.
	Constraint *ConstraintChange `json:"constraint,omitempty"`
	// Parent is what holds the resource after a Move ("folders/1"), where the entry says.
	Parent string `json:"parent,omitempty"`
	// Role is the custom role that the change defined.
	Role *RoleChange `json:"role,omitempty"`
	// Unread lists what the entry leaves open.
	Unread []Unread `json:"unread,omitempty"`
}

// ConstraintChange is a write to one organization policy.
type ConstraintChange struct {
	// Name is the constraint without "constraints/": "run.managed.requireInvokerIam".
	Name string `json:"name"`
	// Enforced is what the policy now says at its own resource. It is Known
	// only for an unconditional boolean rule; otherwise only
	// GetEffectivePolicy can tell.
	Enforced Flag `json:"enforced"`
	// Became says what else became of the policy, where the entry shows it.
	Became PolicyForm `json:"became,omitempty"`
	// Allowed and Denied are the values of a list constraint, where Became is
	// HoldsValues and nothing is inherited on top of them.
	Allowed []string `json:"allowed,omitempty"`
	Denied  []string `json:"denied,omitempty"`
	// Parameters are those of a managed constraint's only rule, as JSON with its
	// keys in order, where Became is PolicyHoldsParameters.
	Parameters string `json:"parameters,omitempty"`
	// About are the resource types that a custom constraint is about ("run.googleapis.com/Service"),
	// where its definition is shown.
	About []string `json:"about,omitempty"`
	// Before is what was set there before the change, PolicyDeleted for nothing;
	// nil where that is not known. An entry does not show it, a history may.
	Before *ConstraintChange `json:"before,omitempty"`
}

// CreatesOrgPolicy reports whether the change set a policy where none was: the call
// fails otherwise, and its second version alone can tell.
// https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies/create
func (c Change) CreatesOrgPolicy() bool {
	return c.Resource.Kind == OrgPolicy && strings.HasSuffix(c.Method, ".CreatePolicy")
}

// Added lists the grants the change added. Without a delta that is every grant
// of the policy after the change: whether this call added a grant or left it
// there cannot be told, and both are judged.
func (c Change) Added() []Grant {
	if !c.HasDelta {
		if c.Policy == nil {
			return nil
		}
		return c.Policy.Grants()
	}
	return c.deltas(Add)
}

// Removed lists the grants the change removed, as far as its delta says.
func (c Change) Removed() []Grant { return c.deltas(Remove) }

func (c Change) deltas(a Action) []Grant {
	var out []Grant
	for _, d := range c.Deltas {
		if d.Action == a {
			out = append(out, d.Grant)
		}
	}
	slices.SortFunc(out, CompareGrants)
	return slices.Compact(out)
}

// RoleChange is what became of a custom role.
type RoleChange struct {
	Name string `json:"name"` // "projects/p/roles/r"
	// Invokes says whether the role can invoke a service or run a job now.
	Invokes Flag `json:"invokes,omitzero"`
	// Gained is true where those who hold the role may have come to that by the change. A
	// role that was created is held by nobody yet.
	Gained bool `json:"gained,omitempty"`
}

// invoking are the permissions to call a service and to run a job.
var invoking = map[string]bool{"run.routes.invoke": true, "run.jobs.run": true}

// InvokesRun reports whether one of the permissions is to call a service or run a job.
func InvokesRun(permissions []string) bool {
	for _, p := range permissions {
		if invoking[p] {
			return true
		}
	}
	return false
}
