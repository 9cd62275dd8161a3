package rollout

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies/catalog"
)

// Write writes the plan as a policy file: it loads as it is, with what it rests on beside
// each line, and the exemptions that are needed first as comments with reasons to fill in.
func (p Plan) Write(w io.Writer) error {
	var b strings.Builder
	p.head(&b)
	if len(p.Scopes) == 0 {
		b.WriteString("# Nothing of it would have been reverted or asked about: it speaks for nothing.\n")
	}
	b.WriteString("apiVersion: rescind/v1\n")
	var of []string
	for _, s := range p.Scopes {
		if !slices.Contains(of, s.Policy) {
			of = append(of, s.Policy)
		}
	}
	own := slices.DeleteFunc(slices.Clone(of), func(name string) bool { return !slices.Contains(catalog.Names(), name) || !p.placed(name) })
	if len(own) == 0 {
		b.WriteString("policies: []\n")
	} else {
		b.WriteString("policies:\n")
	}
	for _, name := range own {
		fmt.Fprintf(&b, "  - name: %s\n    overrides:\n", name)
		p.scopes(&b, name, "      ")
	}
	for _, name := range of {
		if !slices.Contains(own, name) {
			fmt.Fprintf(&b, "# Of the policy %s, for the file that it is in:\n", replay.OneLine(name))
			p.scopes(&b, name, "# ")
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write plan: %w", err)
	}
	return nil
}

// placed reports whether any scope of the policy is known.
func (p Plan) placed(name string) bool {
	return slices.ContainsFunc(p.Scopes, func(s Scope) bool { return s.Policy == name && plain.MatchString(s.Scope) })
}

func (p Plan) head(b *strings.Builder) {
	fmt.Fprintf(b, "# What the history from %s to %s speaks for. Nothing is applied by itself.\n", day(p.From), day(p.To))
	if !p.Enough() {
		fmt.Fprintf(b, "# It is too little for any revert: it has %s of %d", replay.Many(p.Days, "day"), Window)
		if p.Missing > 0 {
			fmt.Fprintf(b, ", of which %d have no entry", p.Missing)
		}
		if p.Unread {
			b.WriteString(", and some of it could not be read")
		}
		b.WriteString(".\n# What else happened is not known, so that no scope is proposed for more than approve.\n")
	}
	b.WriteString(`# Likely wrong is a revert of what no entry ends, or of what was made again after somebody took it
# back: it may have been meant. What people kept or exempted in Slack is in the store, and not in here.
# An override can have a policy find more: try this file with replay --compare before you merge it.
`)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return t.Format(time.DateOnly)
}

// scopes writes what is proposed for each scope of a policy, each line after the indent.
func (p Plan) scopes(b *strings.Builder, name, indent string) {
	line := func(format string, args ...any) {
		fmt.Fprintf(b, indent+format+"\n", args...)
	}
	var meant []string
	for _, s := range p.Scopes {
		if s.Policy != name {
			continue
		}
		line("# %s", s.sentence())
		if len(s.Actors) > 0 {
			line("# of %s", some(s.Actors))
		}
		if plain.MatchString(s.Scope) {
			line("- {scope: %s, enforcement: %s}", quoted(s.Scope), p.Proposed(s))
		} else {
			line("# no scope is known for it: %s", replay.OneLine(s.Scope))
		}
		meant = append(meant, s.Meant...)
	}
	if len(meant) == 0 {
		return
	}
	indent = strings.TrimPrefix(indent, "  ")
	line("# Exemptions that are needed first, of what was likely meant; each takes the three that are empty:")
	line("# exemptions:")
	for _, resource := range meant {
		line(`#   - {resource: %s, owner: "", reason: "", expires: ""}`, quoted(strings.TrimPrefix(resource, "//")))
	}
}

// plain is what a scope is made of: anything else is not written as one.
var plain = regexp.MustCompile(`^(projects|folders|organizations)/[a-z0-9.:-]+$`)

// quoted is a text that YAML reads as it is.
func quoted(s string) string {
	out, _ := json.Marshal(replay.OneLine(s)) // a string always can be
	return string(out)
}

// sentence says what the scope rests on.
func (s Scope) sentence() string {
	parts := []string{fmt.Sprintf("%d would have been reverted", s.Reverts)}
	for _, of := range []struct {
		n    int
		what string
	}{
		{s.Ended, "taken back by somebody anyway (right)"}, {s.Deleted, "gone with the resource"}, {s.Standing, "with no end in the history (likely wrong)"},
		{s.PutBack, "taken back and made again (likely wrong)"},
	} {
		if of.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", of.n, of.what))
		}
	}
	if s.WorstHour > 0 {
		parts = append(parts, fmt.Sprintf("at most %d in an hour", s.WorstHour))
	}
	if s.Asks > 0 {
		parts = append(parts, fmt.Sprintf("beside them %d asked about", s.Asks))
	}
	return strings.Join(parts, ", ")
}

// some are the first few names.
func some(names []string) string {
	const most = 6
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
	}
	return replay.OneLine(strings.Join(names[:min(len(names), most)], ", ")) + more
}
