// Package slack shows findings in Slack and reads what people click there.
//
// It promises that nothing is acted on that Slack did not sign, or did not send
// over a connection that rescind opened to it, that a card's
// buttons say what they do and are there only while an answer counts, that no
// text from outside is ever markup, and that no click is left without an
// answer. It decides nothing: a click becomes a remediate.Answer, and whether
// that counts is for remediate to say. The store is the truth; Slack is a view
// of it that can be drawn again.
package slack
