// Package sample reads what the `tests` of a policy state: a change, and the facts
// about it. What must come of them is for package policies to say.
package sample
