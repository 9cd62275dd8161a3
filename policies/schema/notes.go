package schema

import (
	"maps"
	"slices"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// note is what the parser's tables do not say of a key.
type note struct {
	description string
	pattern     string
	minItems    int
	unique      bool
}

const (
	containerPattern = `^(projects/[^/*]+|folders/[0-9]+|organizations/[0-9]+)$`
	projectPattern   = `^projects/[^/]+$`
	resourcePattern  = `^(//)?(run\.googleapis\.com/projects/[^/]+/locations/[^/]+/(services|jobs|workerPools|instances)/[^/]+` +
		`|cloudresourcemanager\.googleapis\.com/(projects|folders|organizations)/[^/]+` +
		`|iam\.googleapis\.com/projects/[^/]+/serviceAccounts/[^/]+` +
		`|orgpolicy\.googleapis\.com/(projects|folders|organizations)/[^/]+/policies/[^/]+)$`
)

// notes are by path, as in strictyaml.Schema.At.
var notes = map[string]note{
	"apiVersion":                     {description: "The version of the language: rescind/v1."},
	"policies":                       {description: "Policies, and what is changed of built-in ones."},
	"policies.[].name":               {description: "Lower-case letters, digits and dashes; unique over all files. The name of a built-in policy changes its enforcement, overrides and exemptions.", pattern: `^[a-z0-9][a-z0-9-]{0,62}$`},
	"policies.[].title":              {description: "What people see."},
	"policies.[].severity":           {description: "How bad a violation is."},
	"policies.[].on":                 {description: "The kinds of resource the policy is about.", minItems: 1, unique: true},
	"policies.[].when":               {description: "CEL; true is a violation."},
	"policies.[].message":            {description: "CEL; a sentence saying what is wrong where. Without it: the title and the resource."},
	"policies.[].advice":             {description: "CEL; a list of sentences on how to do without the violation."},
	"policies.[].rationale":          {description: "Why, best with a link."},
	"policies.[].remediation":        {description: "What a revert does, in order.", unique: true},
	"policies.[].enforcement":        {description: "audit reports, approve asks, revert acts within the guardrails. Without it: audit."},
	"policies.[].step_up":            {description: "iap: findings are answered on their page behind Identity-Aware Proxy alone, and not from Slack."},
	"policies.[].overrides":          {description: "Another enforcement for a project, folder or organization; the nearest one wins."},
	"policies.[].overrides.[].scope": {description: "projects/ID, folders/NUMBER or organizations/NUMBER.", pattern: containerPattern},
	"policies.[].exemptions":         {description: "Stated exceptions, each with owner, reason and end."},
	"policies.[].exemptions.[].resource": {
		description: "A full resource name; * stands for anything within one part.", pattern: resourcePattern},
	"policies.[].exemptions.[].members": {description: "Covers only grants to these members.", minItems: 1},
	"policies.[].exemptions.[].roles":   {description: "Covers only grants of these roles.", minItems: 1},
	"policies.[].exemptions.[].owner":   {description: "Who answers for it."},
	"policies.[].exemptions.[].reason":  {description: "Why it is there."},
	"policies.[].exemptions.[].expires": {description: "The day (UTC) from whose start on it no longer holds."},
	"policies.[].tests":                 {description: "Samples that rescind policy test runs."},
	"policies.[].tests.[].change":       {description: "The change; what is not mentioned was not touched."},
	"policies.[].tests.[].change.resource": {
		description: "The full name of what was changed.", pattern: resourcePattern},
	"policies.[].tests.[].change.identity":                     {description: "A service account's e-mail, or unset, unchanged or unknown.", pattern: `@|^(unset|unchanged|unknown)$`},
	"policies.[].tests.[].change.unread":                       {description: "What the entry leaves open.", unique: true},
	"policies.[].tests.[].facts":                               {description: "What is known beside the change; all else is unknown."},
	"policies.[].tests.[].want":                                {description: "The verdict it must get."},
	"policies.[].tests.[].enforcement":                         {description: "The enforcement it must get."},
	"policies.[].tests.[].now":                                 {description: "The day, for exemptions. Without it: 2026-01-01."},
	"policies.[].tests.[].facts.constraints.*.enforced.[]":     {description: "projects/ID", pattern: projectPattern},
	"policies.[].tests.[].facts.constraints.*.not_enforced.[]": {description: "projects/ID", pattern: projectPattern},
	"policies.[].tests.[].facts.constraints.*.allows.*.[]":     {description: "projects/ID", pattern: projectPattern},
	"policies.[].tests.[].facts.constraints.*.denies.*.[]":     {description: "projects/ID", pattern: projectPattern},
}

// Noted lists the parts of a file that a note is about, by path, in order.
func Noted() []string { return slices.Sorted(maps.Keys(notes)) }

// annotate adds the note to a part of the schema; one for a part that does not
// exist goes nowhere, and TestEverySchemaNoteIsAboutAKey finds it.
func (n note) annotate(s *strictyaml.Schema) {
	if s == nil {
		return
	}
	s.Description, s.MinItems, s.UniqueItems = n.description, n.minItems, n.unique
	if n.pattern != "" {
		s.Type, s.Pattern = "string", n.pattern
	}
}
