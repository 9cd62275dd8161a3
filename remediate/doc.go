// Package remediate is the life of a finding: judge, decide, plan, ask, apply,
// verify.
//
// It promises that what is done is decided on live state, that a revert is the
// exact inverse of what violates and nothing more, that unknown is never
// reverted on its own, and that every finding ends with a reason. It does not
// know Google's or Slack's libraries: it declares the clients it needs.
package remediate
