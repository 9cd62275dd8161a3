// Package slack is a simulated Slack, for the demo and for tests: the methods of
// the Web API that an approval bot needs, and people who click, write commands
// and fill in forms. Importers name it simslack: it is used beside slack-go and
// notify/slack, which are a slack too.
//
// It refuses what Slack refuses: a wrong token, an unknown message, blocks over
// the limits. It sends signed requests, or what would have been posted over a
// socket, and a button can only be pressed while it stands in the stored
// message. It knows nothing of rescind, so it cannot share its mistakes.
//
// It draws for the demo's page what Slack would show, without Slack's looks. It
// has no history, no search and no files, and limits no rate by itself: Inject
// answers as Slack does when too much is sent.
package slack
