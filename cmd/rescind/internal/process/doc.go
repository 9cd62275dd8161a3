// Package process makes a running rescind of a configuration: it opens the store
// and the clients of Google and Slack, decides which of them a process of that
// role holds, and serves what the role is reached at.
//
// An App is the process that decides and changes, and a front one that people
// reach: it verifies what they answer and passes it on. Desk is what the command
// line has in place of either.
//
// Nothing here judges or changes anything by itself; that is remediate's.
//
// What a process does its tests see in a world around it, so they stand beside that,
// in package sandbox.
package process
