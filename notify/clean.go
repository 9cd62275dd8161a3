package notify

import (
	"strings"
	"unicode"
)

// Clean makes one line of plain text of what a stranger may have written: a
// resource name, a member, a user agent. Line breaks, tabs and every kind of
// space become a plain space: some kinds are a hair wide. Control characters,
// those that turn the direction of text, and invisible ones become U+FFFD rather
// than nothing: deleting the invisible character in "all\u200bUsers" would make
// it read like a member it is not.
func Clean(s string) string {
	var before rune
	return strings.Map(func(r rune) rune {
		last := before
		before = r
		switch {
		case ' ' <= r && r <= '~': // most of all there is, and no table is asked
			return r
		case r == '\n' || r == '\r' || r == '\t' || unicode.Is(unicode.Z, r):
			return ' '
		case (r == 0xfe0e || r == 0xfe0f) && unicode.Is(unicode.So, last): // draws the sign before it in colour, or not
			return r
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), invisible(r):
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// invisible reports the characters that Unicode does not class as formatting and
// that are still drawn as nothing: fillers, joiners and variation selectors. The
// blank Braille pattern, which Unicode takes for a symbol, is one more.
func invisible(r rune) bool {
	return r == 0x2800 || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
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
		b.Link, b.Spoken, b.Digest, b.Ask.Text = Clean(b.Link), Clean(b.Spoken), Clean(b.Digest), Clean(b.Ask.Text)
	}
}
