package replay

import "strings"

// OneLine makes untrusted text fit for one line of a report: whatever could
// steer a terminal, turn text around or begin a line of its own is replaced.
func OneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

// steers reports whether the character is a control character, a line break of
// any kind, or one that changes the direction of text.
func steers(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r == 0x2028, r == 0x2029:
		return true
	}
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// wrap breaks text between words into lines of at most width characters; a
// longer word gets a line of its own, whole, so that it can be copied.
func wrap(s string, width int) []string {
	var lines []string
	line, length := "", 0
	for _, word := range strings.Fields(s) {
		n := len([]rune(word))
		if line != "" && length+1+n > width {
			lines = append(lines, line)
			line, length = "", 0
		}
		if line != "" {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+n
	}
	return append(lines, line)
}
