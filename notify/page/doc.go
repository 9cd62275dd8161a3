// Package page is a finding as a web page: the record that an auditor reads, and
// the way to answer when Slack is down, or is not trusted enough.
//
// It promises that only people whom Identity-Aware Proxy vouches for see or
// decide anything; that a page needs no script and nothing from anywhere else;
// that it has a form for exactly the answers that the finding takes then; and
// that whatever strangers wrote stays text.
//
// It decides nothing itself: an answer goes to a desk, or travels as it was
// signed to the process that has one. It does not say who is let in; the Gate
// does, and IAP's own settings.
//
//   - page.go: what the pages need, and who is let through to them
//   - listpage.go, listfilter.go: the list of findings, and what it was asked for
//   - findingpage.go, findingblocks.go, views.go: one finding, all that is recorded of it
//   - answerforms.go: the forms that it offers
//   - formorigin.go, formreading.go: whether a form is ours, and what it says
//   - answerhandler.go: how an answer is recorded or passed on
//   - refusals.go: how a refusal is recorded
//   - travelledanswer.go: answers that pages elsewhere passed on
//   - templates.go: how a page is written
package page
