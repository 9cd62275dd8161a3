// Package policies decides which changes violate which policy.
//
// Policies are YAML with expressions in the Common Expression Language (CEL).
// Load compiles them into a Set, or names everything that is wrong with them;
// a Set never changes and its Evaluate is a pure function. A fact that is not
// in the input is unknown, and so is whatever depends on it: unknown is never
// taken for allowed, nor for violating. A violation that holds whatever the
// unknown facts are is still a violation.
//
// The package looks nothing up: a Result says which questions it needs
// answered, the caller answers them and evaluates again.
//
// # A new key of a policy
//
// policy.go has the Policy and its words, policykeys.go the table of its keys and
// schema/notes.go what an editor says of it; docs/policies.md describes it, and
// tests fail until both do. A key that is an expression is compiled in load.go;
// one that a built-in policy may have set is applied in draft.go; one that a
// finding shows is put into the Result (result.go) by evaluate.go. Overrides,
// exemptions and tests have their own keys in override.go, exempt.go and
// sample.go with package sample.
//
// # A new field or function for expressions
//
// objecttypes.go has the fields, functions.go the functions, and package fact the
// questions they may ask, with their words. What holds of a field
// before there is a change stands in situation.go, and how large it can be in
// cost.go. Who is from outside is told in foreign.go, and which organization holds
// something, and whether an agent of Google's is of it, in organization.go.
package policies
