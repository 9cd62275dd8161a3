// Package slips knows what people write in the expressions of policies where they mean
// something else: a word that no change has, a role compared as a text, `=` for `==`.
//
// It promises that what it reports can never be right, or says that it only looks like a
// slip. Its tables of names are those of November 2026: of roles, methods and constraints
// there are more than it lists, so there it speaks only of what is nearly a name that it
// knows.
package slips
