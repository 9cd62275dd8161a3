package slack

import (
	"strings"
	"unicode/utf16"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
)

// What one message may hold, in characters; the first line is Slack's own
// limits (https://docs.slack.dev/reference/block-kit/blocks), the rest is how
// a card shares the total that Slack enforces and does not document: about
// 13,200 over all blocks (slackapi/bolt-js issue 2509).
const (
	maxHeader, maxSection, maxField, maxLabel, maxID, maxText, maxTotal = 150, 3000, 2000, 75, 255, 4000, 13000

	maxStatus, maxValue, maxFields              = 800, 260, 8
	maxWhy, maxDiff, maxFix, maxNote, maxPlan   = 1800, 2500, 1500, 300, 300
	maxButtons, maxAskTitle, maxAskText, maxAsk = 5, 100, 250, 30
	maxURL                                      = 500
)

// nothing stands for an empty string, which Slack refuses in any text object.
const nothing = "–"

// blunt is for plain_text objects, which have no escape: Slack says that they
// hold no markup, and this does not depend on it.
func blunt(r rune) string {
	switch r {
	case '<':
		return "‹"
	case '>':
		return "›"
	}
	return string(r)
}

func literal(r rune) string { return string(r) }

// fit cleans s and writes it with each character replaced, in at most max
// characters. It never cuts inside a character or an escape. Characters are
// counted as UTF-16 does, the most that any counting gives.
func fit(s string, max int, replace func(rune) string) string {
	s = strings.TrimSpace(notify.Clean(s))
	if s == "" {
		return nothing
	}
	var b strings.Builder
	used, keep := 0, 0 // keep: how much still leaves room for the mark of a cut
	for _, r := range s {
		piece := replace(r)
		used += width(piece)
		if used > max {
			return b.String()[:keep] + "…"
		}
		b.WriteString(piece)
		if used < max {
			keep = b.Len()
		}
	}
	return b.String()
}

func width(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// fitLines joins lines, at most max characters of them; what is left out is counted.
func fitLines(lines []string, max int) string {
	var b strings.Builder
	for i, l := range lines {
		more := "and " + count(len(lines)-i, "line") + " more"
		l = fit(l, max-width(more)-1, literal)
		if i > 0 && width(b.String())+width(l)+width(more)+2 > max {
			b.WriteString("\n" + more)
			return b.String()
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(l)
	}
	return b.String()
}

func plainText(s string, max int) *api.TextBlockObject {
	return api.NewTextBlockObject(api.PlainTextType, fit(s, max, blunt), false, false)
}
