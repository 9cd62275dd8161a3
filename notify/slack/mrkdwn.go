package slack

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
)

// prose is a text that may hold what strangers wrote, for Slack's mrkdwn, in at
// most max characters. Nothing in it is a link, a mention, a date or an emoji,
// or set in another way than the text around it.
func prose(s string, max int) string {
	s, n := strings.TrimSpace(notify.Clean(s)), 0
	for i := range s {
		if n++; n > max+1 {
			s = s[:i] // is cut anyway
			break
		}
	}
	return fit(inert(s), max, escape)
}

// inert writes what Slack would take for formatting with signs that look the
// same. There is no escape for it, and no way to switch it off where there are
// dates; what has to be copied letter by letter stands in code.
// https://docs.slack.dev/messaging/formatting-message-text
func inert(s string) string {
	s = strings.NewReplacer("*", "∗", "~", "∼", "`", "'").Replace(s)
	if rest := strings.TrimLeft(s, ">"); rest != s { // a quotation
		s = strings.Repeat("›", len(s)-len(rest)) + rest
	}
	return withoutEmoji(withoutItalics(s))
}

// withoutItalics leaves the underscore that stands within a word.
func withoutItalics(s string) string {
	runes := []rune(s)
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	for i, r := range runes {
		if r == '_' && !(word(i-1) && word(i+1)) {
			runes[i] = '＿'
		}
	}
	return string(runes)
}

// emoji is one by its name between colons, which a time of day is not. It knows all
// letters there are, so it is made for the first text that is shown.
var emoji = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`:(?:[+-]1|[0-9]{3,4}|[\pL\pN_+'-]*\pL[\pL\pN_+'-]*):`)
})

// withoutEmoji puts another sign for the colon that would begin one.
func withoutEmoji(s string) string {
	var b strings.Builder
	for {
		at := emoji().FindStringIndex(s)
		if at == nil {
			return b.String() + s
		}
		b.WriteString(s[:at[0]] + "∶")
		s = s[at[0]+1:]
	}
}

// escape is Slack's own: with these three replaced nothing in a text is a link,
// a mention or a date. https://docs.slack.dev/messaging/formatting-message-text
func escape(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// code is escape for text between backticks, which a backtick would end.
func code(r rune) string {
	if r == '`' {
		return "'"
	}
	return escape(r)
}

// markdown takes text that is escaped already. Verbatim keeps Slack from
// looking for links and names in it.
func markdown(escaped string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.MarkdownType, escaped, false, true)
}
