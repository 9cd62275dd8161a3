package policies

import (
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"

	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/slips"
)

// offset is the number of characters of text before a place in it.
func offset(text string, at common.Location) int {
	chars := 0
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < at.Line()-1 && i < len(lines); i++ {
		chars += len([]rune(lines[i]))
	}
	return chars + max(at.Column(), 0)
}

var quotedName = regexp.MustCompile(`(?:undeclared reference to|undefined field) '([^']*)'`)

// hint suggests what was meant, where the expression was to be of that type.
func (c *compiler) hint(message string, want *cel.Type) string {
	if m := quotedName.FindStringSubmatch(message); m != nil && slips.Hint(message) == "" {
		switch near := strictyaml.Suggest(m[1], c.names); {
		case m[1] == "matches":
			return "; regular expressions are not offered, use glob() or domain()"
		case slices.Contains(c.names, m[1]):
			return ""
		case near != "":
			return near
		}
	}
	said := slips.Hint(message)
	if want == cel.StringType {
		said = slips.TextHint(message)
	}
	if said != "" {
		said = "; " + said
	}
	return said
}

var asides = regexp.MustCompile(` \((?:in container|did you mean) '[^']*'\??\)`)

// plainMessage is CEL's message in one line, without CEL's own suggestions,
// which know nothing of fields.
func plainMessage(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return asides.ReplaceAllString(line, "")
}
