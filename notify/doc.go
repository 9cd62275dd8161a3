// Package notify is what people are told about a finding, free of any
// service's markup.
//
// It promises that the same finding always reads the same, that every state is
// named in words, that only an open question has buttons, or what can still be
// undone, and that no string in a Message holds a control character, an
// invisible one, or a line break: what strangers wrote can neither hide nor pose
// as something else.
//
// It escapes for no service and keeps no service's limits: whoever renders a
// Message does. It sends nothing but the audit trail, and decides nothing.
//
// What a card says:
//
//   - message.go: the parts of a message, and how it reads as plain text
//   - card.go: one finding as a message: headline, facts, reasons, note
//   - cardstatus.go: where a finding, or an undo, stands
//   - carddiff.go: what its plan changes, line by line
//   - cardfix.go: what ends the violation for good
//   - cardbuttons.go: what people can do about it now
//   - cardaloud.go: the card in sentences, for phones and screen readers
//   - groupcard.go, groupstatus.go, groupanswers.go: many findings of one cause
//   - roundup.go, roundupcounts.go: what a channel is told while more comes than it
//     takes
//   - wording.go, whowhatwhere.go: the words that all of these share
//   - clean.go: what strangers wrote as one line of plain text
//
// What is asked before an answer, and told after one:
//
//   - form.go, formabout.go: the form of an answer that takes a reason
//   - trail.go: what happened to a finding, a line each
//
// Where the audit trail goes:
//
//   - exporters.go: to the log, and to several places at once
//   - feed.go: as events that other systems take
package notify
