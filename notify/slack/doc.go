// Package slack shows findings in Slack and reads what people click there.
//
// It promises that nothing is acted on that Slack did not sign, or did not send
// over a connection that rescind opened to it, that a card's buttons say what
// they do and are there only while an answer counts, that no text from outside
// is ever markup, and that no click is left without an answer.
//
// It decides nothing: a click becomes a finding.Answer, and whether that
// counts is for remediate to say. The store is the truth; Slack is a view of it
// that can be drawn again. What Slack loses, hides or delivers late is not made
// up for here: a message that is owed is sent when remediate asks again.
//
// What is shown:
//
//   - notifier.go: what it takes to show anything, and announcements
//   - findingmessage.go, groupmessage.go, roundup.go: the messages of one
//     finding, of a group, and of a channel in a flood
//   - cardblocks.go, buttons.go: how a message of package notify is drawn
//   - fittext.go: Slack's limits, and escaping
//   - sending.go, turns.go: one message a second in each channel
//   - errors.go, webapi.go: what a failed call means, and calls that slack-go
//     cannot make
//   - oncall.go: the mention that pages
//   - hometab.go, listing.go: the home tab, and findings in a line each
//
// What comes in:
//
//   - receiver.go, clerk.go: who takes requests, and who does what they ask
//   - endpoint.go, signature.go: what Slack signed, and nothing else
//   - socket.go, envelope.go: the same over a connection of our own
//   - clickhandler.go, clickpayload.go: a click, and what it says
//   - formview.go, formfill.go, formpayload.go: a form drawn, filled in, and read
//   - commandhandler.go, commandrun.go: a slash command, and what it does
//   - eventhandler.go: that somebody opened the home tab
//   - clerkanswer.go: how an answer is recorded, or refused
//   - travelledanswer.go: what was verified elsewhere, verified and done here
//   - privatenote.go: telling one person, and nobody else
//   - people.go, usergroups.go: who a Slack user is
package slack
