package slips

import (
	"regexp"
	"strings"
)

var hints = []struct {
	message *regexp.Regexp // of CEL
	hint    string
}{
	{regexp.MustCompile(`token recognition error at: '=`), "two values are compared with =="},
	{regexp.MustCompile(`token recognition error at: '&`), "conditions are joined with &&"},
	{regexp.MustCompile(`token recognition error at: '\|`), "conditions are joined with ||"},
	{regexp.MustCompile(`mismatched input '(and|AND)'|extraneous input '(and|AND)'`), "conditions are joined with &&"},
	{regexp.MustCompile(`mismatched input '(or|OR)'|extraneous input '(or|OR)'`), "conditions are joined with ||"},
	{regexp.MustCompile(`undeclared reference to '(and|or|not|AND|OR|NOT)'`), "write && for and, || for or, ! for not"},
	{regexp.MustCompile(`undeclared reference to '(True|TRUE|False|FALSE)'`), "write true and false in small letters"},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Role, string|string, rescind\.Role)\)'`), "a role is compared by its name: g.role.name"},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Member, string|string, rescind\.Member)\)'`), `a member is compared by its value, as in g.member.value == "user:a@example.com", or by g.member.email`},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Resource, string|string, rescind\.Resource)\)'`), "a resource is compared by its name, its full name or its project: resource.name"},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Actor, string|string, rescind\.Actor)\)'`), "an actor is compared by its principal or its e-mail: actor.email"},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Identity, string|string, rescind\.Identity)\)'`), "an identity is compared by its e-mail: workload.identity.email"},
	{regexp.MustCompile(`'_[!=]=_' applied to '\((rescind\.Constraint, bool|bool, rescind\.Constraint)\)'`), "a constraint is asked whether it is enforced: constraint(NAME).enforced"},
	{regexp.MustCompile(`'@in' applied to '\(rescind\.Role, `), "a role is looked for by its name: g.role.name in [...]"},
	{regexp.MustCompile(`'@in' applied to '\(rescind\.Member, `), "a member is looked for by its value: g.member.value in [...]"},
	{regexp.MustCompile(`'_(&&|\|\|)_' applied to`), "both sides have to be true or false by themselves"},
}

// Hint says what was probably meant where CEL says that of an expression, "" where that is
// not known.
func Hint(message string) string {
	for _, h := range hints {
		if h.message.MatchString(message) {
			return h.hint
		}
	}
	return ""
}

// TextHint is Hint for an expression that is to come to a text: one that is not put in
// quotes is taken for names.
func TextHint(message string) string {
	if strings.Contains(message, "undeclared reference to") || strings.Contains(message, "Syntax error") {
		return `a text stands in quotes within the YAML: '"like this"', and names are added to it: '"on " + resource.name'`
	}
	return Hint(message)
}
