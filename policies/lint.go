package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// LintProblem is something in a policy file that loads, and yet cannot be what
// its author meant; or, under the rule "invalid", that does not load.
type LintProblem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Rule    string `json:"rule"`
	Warning bool   `json:"warning"` // worth knowing, and no mistake
	Policy  string `json:"policy,omitempty"`
	Message string `json:"message"`
	// Excerpt is the line and a caret below the place, where that says more.
	Excerpt string `json:"-"`
}

// String is "file:line:column: message [rule]".
func (p LintProblem) String() string {
	kind := ""
	if p.Warning {
		kind = "warning: "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s [%s]", p.File, p.Line, p.Column, kind, p.Message, p.Rule)
}

// LintInput is what a lint can rest on beyond the policy files.
type LintInput struct {
	Now time.Time
	// Fact answers what is known of the organization; nil for nothing. What is
	// unknown raises no problem.
	Fact func(Question) Fact
	// ProjectID is the id of the project that has a number, or the number
	// where that is not known; nil for nothing known.
	ProjectID func(number string) string
	// History is what exemptions are held against; without any event they
	// are not.
	History []Event
}

// Event is a change of a history, with the facts as of it.
type Event struct {
	Change cloud.Change
	At     time.Time
	Fact   func(Question) Fact
}

// Lint loads the files on top of the built-in policies and lists what is wrong
// with them, in the order of the files. docs/policy-commands.md states each
// rule. The error is for what is no fault of the files.
func Lint(files []File, in LintInput) ([]LintProblem, error) {
	set, err := Load(files...)
	if err != nil {
		return invalid(err)
	}
	return lint(set, files, in)
}

func lint(set *Set, files []File, in LintInput) ([]LintProblem, error) {
	if in.Fact == nil {
		in.Fact = func(Question) Fact { return Fact{} }
	}
	l, err := newLinter(set, in)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		begin := len(l.problems)
		for _, e := range entriesOf(f) {
			if err := l.policy(e); err != nil {
				return nil, fmt.Errorf("lint policy %q: %w", e.Name, err)
			}
		}
		slices.SortStableFunc(l.problems[begin:], func(a, b LintProblem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	}
	return l.problems, nil
}

// invalid turns what Load says into problems.
func invalid(err error) ([]LintProblem, error) {
	all, ok := err.(interface{ Unwrap() []error }) // as errors.Join has it
	if !ok {
		return nil, err
	}
	var out []LintProblem
	for _, e := range all.Unwrap() {
		p := new(strictyaml.Problem)
		if !errors.As(e, &p) {
			return nil, err
		}
		out = append(out, LintProblem{File: p.File, Line: p.Line, Column: p.Column, Rule: "invalid", Message: p.Message, Excerpt: p.Excerpt})
	}
	return out, nil
}

// entry is a policy as a file writes it, beside the rule that came of it.
type entry struct {
	*draft
	values map[string]*yaml.Node // by key
}

// entriesOf reads a file that has been loaded once more, for its places.
func entriesOf(f File) []entry {
	s, root := openFile(f)
	if root == nil {
		return nil
	}
	drafts := s.drafts(root)
	list := valuesOf(root)["policies"]
	if list == nil || len(list.Content) != len(drafts) {
		return nil
	}
	out := make([]entry, len(drafts))
	for i, d := range drafts {
		out[i] = entry{d, valuesOf(list.Content[i])}
	}
	return out
}

func valuesOf(n *yaml.Node) map[string]*yaml.Node {
	out := map[string]*yaml.Node{}
	for i := 0; n != nil && n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		out[n.Content[i].Value] = n.Content[i+1]
	}
	return out
}

// nth is the place of the nth element of a list, of the policy's name where
// there is none.
func (e entry) nth(key string, n int) *yaml.Node {
	if list := e.values[key]; list != nil && n < len(list.Content) {
		return list.Content[n]
	}
	return e.node
}

// linter collects problems.
type linter struct {
	in       LintInput
	rules    map[string]*rule
	compiler *compiler
	prospect prospect
	whens    map[string]string // expression, written the one way -> the first policy with it
	problems []LintProblem
}

func newLinter(set *Set, in LintInput) (*linter, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	p, err := newProspect(c)
	if err != nil {
		return nil, err
	}
	l := &linter{in: in, rules: map[string]*rule{}, compiler: c, prospect: p, whens: map[string]string{}}
	for _, r := range set.rules {
		l.rules[r.Name] = r
	}
	for _, r := range set.rules { // a copy of a built-in policy is reported at the copy
		if r.BuiltIn {
			l.whens[l.canonical(r.When)] = r.Name
		}
	}
	return l, nil
}

func (l *linter) policy(e entry) error {
	r := l.rules[e.Name]
	if r == nil {
		return nil
	}
	if e.when != nil { // its own, and no built-in one with other settings
		if err := l.expression(e, r); err != nil {
			return err
		}
		l.remediation(e, r)
		l.duplicate(e, r)
		l.tests(e)
	}
	l.revertsNothing(e, r)
	l.overrides(e, r)
	l.exemptions(e, r)
	return nil
}

func (l *linter) report(e entry, at *yaml.Node, name string, format string, args ...any) {
	l.problems = append(l.problems, LintProblem{
		File: e.Source, Line: at.Line, Column: at.Column, Rule: name, Policy: e.Name, Message: fmt.Sprintf(format, args...),
	})
}

func (l *linter) warn(e entry, at *yaml.Node, name string, format string, args ...any) {
	l.report(e, at, name, format, args...)
	l.problems[len(l.problems)-1].Warning = true
}
