package policies

import (
	"errors"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/catalog"
)

// File is a policy file to load. Name is what errors call it.
type File struct {
	Name string
	Data []byte
}

// Load compiles the built-in policies and those of the files on top of them.
// A file adds policies, or changes the enforcement, overrides and exemptions
// of a built-in one by its name. Everything that is wrong with any of the
// files is in the error, as *strictyaml.Problem values joined together; a Set is returned
// only when nothing is.
func Load(files ...File) (*Set, error) {
	l := loader{compile: compileNow, isBuiltIn: isBuiltIn, named: map[string]*draft{}}
	for _, f := range files {
		l.file(f)
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	builtIns, err := l.builtIns()
	if err != nil {
		return nil, err
	}
	return newSet(append(builtIns, l.rules...)), nil
}

type loader struct {
	compile   func(s source, n *yaml.Node, what string, want *cel.Type) *program
	isBuiltIn func(name string) bool
	rules     []*rule           // of the files
	named     map[string]*draft // by the files
	problems  []error
}

// builtIns are the policies of the catalog that are loaded, as the files
// have them.
func (l *loader) builtIns() ([]*rule, error) {
	var out []*rule
	for _, name := range builtInNames() {
		d, named := l.named[name]
		if !named && !slices.Contains(catalog.Always(), name) {
			continue
		}
		r, err := shipped(name)
		if err != nil {
			return nil, err
		}
		if named {
			r = d.customised(r)
		}
		out = append(out, r)
	}
	return out, nil
}

func (l *loader) file(f File) {
	s, root := openFile(f)
	if root != nil {
		for _, d := range s.drafts(root) {
			l.policy(d)
		}
	}
	for _, p := range s.Problems() {
		l.problems = append(l.problems, p)
	}
}

func (l *loader) policy(d *draft) {
	if d.Name == "" {
		return // reported already
	}
	if first, twice := l.named[d.Name]; twice {
		d.source.Problem(d.node, "policy %q is also at %s:%d", d.Name, first.Source, first.node.Line)
		return
	}
	l.named[d.Name] = d
	if len(l.named) == maxPolicies+1 {
		d.source.Problem(d.node, "more than %d policies in all files", maxPolicies)
	}
	if len(l.named) > maxPolicies {
		return
	}
	if l.isBuiltIn(d.Name) {
		d.onlyCustomises()
		return
	}
	d.complete()
	l.rules = append(l.rules, l.rule(d))
}

func (l *loader) rule(d *draft) *rule {
	r := &rule{Policy: d.Policy, exemptions: d.exemptions, samples: d.samples}
	if d.when != nil {
		r.when = l.compile(d.source, d.when, "when", cel.BoolType)
	}
	if d.message != nil {
		r.message = l.compile(d.source, d.message, "message", cel.StringType)
	}
	if d.advice != nil {
		r.advice = l.compile(d.source, d.advice, "advice", cel.ListType(cel.StringType))
	}
	return r
}

// compileNow is for files, whose problems are told when they are loaded.
func compileNow(s source, n *yaml.Node, what string, want *cel.Type) *program {
	c, err := theCompiler()
	if err != nil {
		s.ProblemWithin(n, 0, "%s: %v", what, err)
		return nil
	}
	return c.compile(s, n, what, want)
}

// Set is a compiled set of policies. It never changes, so one Set may be used
// by any number of goroutines.
type Set struct {
	rules  []*rule // what is loaded
	byKind map[cloud.Kind][]*rule
}

func newSet(rules []*rule) *Set {
	s := &Set{rules: rules, byKind: map[cloud.Kind][]*rule{}}
	for _, r := range rules {
		for _, k := range r.On {
			s.byKind[k] = append(s.byKind[k], r)
		}
	}
	return s
}

// Asks reports whether the expression of any loaded policy names the field.
func (s *Set) Asks(field string) bool {
	return slices.ContainsFunc(s.rules, func(r *rule) bool { return strings.Contains(r.When, field) })
}

// Policies lists the policies in the order they were loaded, the built-in
// ones first. The caller may do with the result as it likes.
func (s *Set) Policies() []Policy { return policiesOf(s.rules) }

func policiesOf(rules []*rule) []Policy {
	out := make([]Policy, len(rules))
	for i, r := range rules {
		out[i] = r.Policy.clone()
	}
	return out
}
