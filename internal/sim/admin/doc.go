// Package admin simulates, over REST, the part of Google Cloud by which people make an
// installation: what they create is there until they delete it, under the name that
// Google would give it. It runs nothing, checks no permission and bills nothing.
//
//   - admin.go is what is there, and the requests that all kinds have in common
//   - kinds.go says which kinds of thing there are, and what Google adds to each
//   - policy.go is the allow policies, verbs.go what is asked of one kind alone
//
// Cloud Run is not here: the simulated cloud has it, with whatever rescind reads of it.
package admin
