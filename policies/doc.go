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
package policies
