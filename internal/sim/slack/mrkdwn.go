package slack

import (
	"html/template"
	"strconv"
	"strings"
	"time"
)

// RenderText draws mrkdwn, such as the text of a message without blocks.
func RenderText(text string) template.HTML { return markup(text) }

// markup draws mrkdwn: bold, code, dates, links and mentions.
func markup(s string) template.HTML {
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "<*`\n")
		if i < 0 {
			i = len(s)
		}
		b.WriteString(escape(s[:i]))
		s = s[i:]
		if s == "" {
			break
		}
		n := span(&b, s)
		s = s[n:]
	}
	return template.HTML(b.String()) //nolint:gosec // each piece went through escape; FuzzRenderText checks it
}

// span draws the markup s begins with and returns its length.
func span(b *strings.Builder, s string) int {
	if s[0] == '\n' {
		b.WriteString("<br>")
		return 1
	}
	end := map[byte]byte{'<': '>', '*': '*', '`': '`'}[s[0]]
	n := strings.IndexByte(s[1:], end)
	if n <= 0 || s[0] != '<' && strings.Contains(s[1:1+n], "\n") {
		b.WriteString(escape(s[:1]))
		return 1
	}
	inner := s[1 : 1+n]
	switch s[0] {
	case '*':
		b.WriteString("<strong>" + escape(inner) + "</strong>")
	case '`':
		b.WriteString("<code>" + escape(inner) + "</code>")
	default:
		b.WriteString(reference(inner))
	}
	return n + 2
}

// reference draws what stands between angle brackets. A mention is drawn
// loudly: on a card it is a mistake.
func reference(s string) string {
	target, label, labelled := strings.Cut(s, "|")
	if !labelled {
		label = target
	}
	switch {
	case strings.HasPrefix(target, "!date^"):
		return "<time" + date(target) + ">" + escape(label) + "</time>"
	case strings.HasPrefix(target, "https://"), strings.HasPrefix(target, "http://"):
		return `<a rel="noreferrer" href="` + escape(target) + `">` + escape(label) + "</a>"
	}
	return `<mark class="slack-mention">` + escape("<"+s+">") + "</mark>"
}

func date(target string) string {
	unix, err := strconv.ParseInt(strings.Split(target, "^")[1], 10, 64)
	if err != nil {
		return ""
	}
	return ` datetime="` + escape(time.Unix(unix, 0).UTC().Format(time.RFC3339)) + `"`
}

func escape(s string) string { return template.HTMLEscapeString(unescape.Replace(s)) }

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
