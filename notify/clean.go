package notify

import (
	"strings"
	"unicode"
)

// Clean makes one line of plain text of what a stranger may have written: a
// resource name, a member, a user agent. Line breaks and tabs become spaces.
// Control characters, those that turn the direction of text, and invisible ones
// become U+FFFD rather than nothing: deleting the invisible character in
// "all\u200bUsers" would make it read like a member it is not.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), invisible(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// invisible reports the letters that Unicode does not class as formatting and
// that are still drawn as nothing: the Hangul fillers, the blank Braille
// pattern, the grapheme joiner.
func invisible(r rune) bool {
	switch r {
	case 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0:
		return true
	}
	return false
}

func (m *Message) clean() {
	for _, s := range []*string{&m.Finding, &m.Digest, &m.Headline, &m.Wrong, &m.Status, &m.Text, &m.Plan, &m.Note, &m.Link} {
		*s = Clean(*s)
	}
	for _, lines := range [][]string{m.Why, m.Diff, m.Fix} {
		for i := range lines {
			lines[i] = Clean(lines[i])
		}
	}
	for i := range m.Fields {
		m.Fields[i].Value = Clean(m.Fields[i].Value)
	}
	for i := range m.Buttons {
		b := &m.Buttons[i]
		b.Spoken, b.Ask.Text = Clean(b.Spoken), Clean(b.Ask.Text)
	}
}
