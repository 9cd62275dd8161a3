// Package fact has what a policy can ask beyond the change that it judges, the answers,
// and both in words.
package fact

import "time"

// Kind is what a Question asks.
type Kind string

// The facts a policy can need beyond the change itself.
const (
	// ConstraintEnforced: is the organization policy constraint Name
	// effectively enforced for Project? Conditions and inheritance included;
	// a dry-run spec is not enforcement.
	ConstraintEnforced Kind = "constraint"
	// RuntimeIdentity: does some Cloud Run workload run as the service
	// account Name, or as one in the group Name ("group:…")? Project is the changed one, where a workload may run as
	// an account of another; empty for folders and organizations.
	RuntimeIdentity Kind = "runtime identity"
	// RoleInvokes: does the role Name hold run.routes.invoke or run.jobs.run?
	// Asked for roles that the built-in table does not list.
	RoleInvokes Kind = "role"
	// Ancestors: which folders and organizations hold the container Name
	// ("projects/p", "folders/1")? Answered in List, nearest first.
	Ancestors Kind = "ancestors"
	// ConstraintAllows: does the effective organization policy of Project
	// allow the value Value of the list constraint Name?
	ConstraintAllows Kind = "constraint value"
	// ConstraintHeld: is all of the constraint Name enforced, or every value denied,
	// by what is in force at the container Value ("folders/1")? Unknown where that
	// is so of some alone: under a condition, or but for values or parameters.
	ConstraintHeld Kind = "constraint held"
	// ConstraintInherited: the same of what is in force there but for the policy
	// that is set at the container itself.
	ConstraintInherited Kind = "constraint inherited"
	// ConstraintConditional: does a policy of the constraint Name that is set at the
	// container Value, or above it, have a condition, so that tags decide?
	ConstraintConditional Kind = "constraint conditional"
	// ConstraintAbout: which resource types is the custom constraint Name about that the
	// organization Value defines? Answered in List.
	ConstraintAbout Kind = "constraint about"
	// ServicesBelow: which services are in the container Name, and not covered by the
	// constraint Value? Answered in List, by their paths. No policy asks for it.
	ServicesBelow Kind = "services below"
	// ProjectNumber: is Value the number of the project whose id is Project?
	ProjectNumber Kind = "project number"
	// OrganizationDomain: do the accounts of the domain Value belong to the
	// organization Name ("organizations/77")?
	OrganizationDomain Kind = "organization domain"
	// HoldsBasicRole: does the service account Name hold a basic role that writes (Owner,
	// Editor, Admin, Writer) on its own project or on what holds that?
	HoldsBasicRole Kind = "basic role"
	// AccountGranted: does the allow policy of the container Name grant the service
	// account Value anything? What the container inherits does not count. No policy
	// asks for it: it saves reading what grants nothing.
	AccountGranted Kind = "account granted"
)

// Question is one look-up. It is comparable and holds no pointer, so a
// snapshot of facts is a plain map.
type Question struct {
	Kind    Kind
	Name    string
	Project string // project id; empty where the kind needs none
	Value   string // what Name is asked about; empty where the kind needs none
}

// Fact is the answer to a Question: where it came from and when it was read,
// so that an auditor can tell what a decision rested on. The zero Fact is
// unknown.
type Fact struct {
	Known   bool
	Value   bool
	List    []string
	Source  string    // "facts.yaml", "org policy API", "learned from prod/eu/api"
	At      time.Time // when it was read; zero for a file
	Why     string    // why it is unknown, when it is
	Passing error     // why it is unknown for now, and may be known when asked again; nil where that is no use
}

// All is a snapshot: one evaluation never sees two states of one fact.
type All map[Question]Fact
