// Package group shows findings of one cause in one message, and has one roundup
// speak for all of a channel when more comes than the channel takes.
//
// It promises that everybody comes to the same group for a finding without
// asking; that a message is drawn by one process at a time; that an answer is
// bound to the list of findings that its message showed; and that in a flood
// every finding is told of in the end, by a message or by the roundup's count.
//
// It decides nothing about a finding, which keeps its own record, timeline and
// undo. What is in a message is for the plain Notifier.
//
//   - cause.go is what findings have in common; group.go the list of them, and
//     shown.go what its message shows
//   - notifier.go puts a finding into its group, drawing.go draws the message
//   - roundup.go is when a roundup speaks, content.go what it says, tend.go how it
//     is kept up to date, release.go how findings get their own messages again
//   - pager.go pages once for all of them
//   - cells.go is where groups and roundups are kept, clients.go what the package
//     needs of others
package group
