package authority

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxReason bounds a reason, in characters.
const MaxReason = 500

// visible is how many characters a reader gets of a reason, the spaces between
// them counted. There are many that take no room or show nothing: a reason of
// those alone is none.
func visible(reason string) int {
	return utf8.RuneCountInString(strings.TrimSpace(strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, reason)))
}

// hidden reports whether the character shows nothing; a space is not hidden.
// https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
func hidden(r rune) bool {
	const brailleBlank = '\u2800' // a symbol, of which no dot is raised
	return r == brailleBlank || !unicode.IsSpace(r) &&
		unicode.In(r, unicode.C, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// BadReason says what is wrong with a reason, as the end of a sentence that begins
// with what it is for; empty for one that will do.
func BadReason(s string) string {
	switch {
	case visible(s) == 0:
		return "takes a reason"
	case utf8.RuneCountInString(s) > MaxReason:
		return fmt.Sprintf("takes a reason of at most %d characters", MaxReason)
	}
	return ""
}
