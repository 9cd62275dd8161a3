package policies

import (
	"embed"
	"errors"
	"fmt"

	"cel.dev/cel-go/cel"
)

//go:embed catalog/*.yaml
var catalog embed.FS

// Load compiles the built-in policies and those of the files on top of them.
// A file adds policies, or changes the enforcement, overrides and exemptions
// of a built-in one by its name. Everything that is wrong with any of the
// files is in the error, as *Problem values joined together; a Set is returned
// only when nothing is.
func Load(files ...File) (*Set, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	l := loader{compiler: c, builtIn: map[string]*rule{}, named: map[string]*draft{}}
	if err := l.builtIns(); err != nil {
		return nil, err
	}
	for _, f := range files {
		l.file(f)
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	return newSet(l.rules), nil
}

type loader struct {
	compiler *compiler
	rules    []*rule
	builtIn  map[string]*rule
	named    map[string]*draft // by the files, not built in
	problems []error
}

func (l *loader) builtIns() error {
	entries, err := catalog.ReadDir("catalog")
	if err != nil {
		return fmt.Errorf("built-in policies: %w", err)
	}
	for _, entry := range entries {
		name := "catalog/" + entry.Name()
		data, err := catalog.ReadFile(name)
		if err != nil {
			return fmt.Errorf("built-in policies: %w", err)
		}
		l.file(File{Name: name, Data: data})
	}
	if len(l.problems) > 0 {
		return fmt.Errorf("built-in policies: %w", errors.Join(l.problems...))
	}
	for _, r := range l.rules {
		r.BuiltIn = true
		l.builtIn[r.Name] = r
	}
	clear(l.named)
	return nil
}

func (l *loader) file(f File) {
	s := newSource(f)
	for _, d := range s.parse(f.Data) {
		l.policy(d)
	}
	l.problems = append(l.problems, s.errors()...)
}

func (l *loader) policy(d *draft) {
	if d.Name == "" {
		return // reported already
	}
	if first, twice := l.named[d.Name]; twice {
		d.source.problem(d.node, "policy %q is also at %s:%d", d.Name, first.Source, first.node.Line)
		return
	}
	l.named[d.Name] = d
	if len(l.named) == maxPolicies+1 {
		d.source.problem(d.node, "more than %d policies in all files", maxPolicies)
	}
	if len(l.named) > maxPolicies {
		return
	}
	if r := l.builtIn[d.Name]; r != nil {
		d.customise(r)
		return
	}
	d.complete()
	l.rules = append(l.rules, l.compile(d))
}

func (l *loader) compile(d *draft) *rule {
	r := &rule{Policy: d.Policy, exemptions: d.exemptions, samples: d.samples}
	if d.when != nil {
		r.when = l.compiler.compile(d.source, d.when, "when", cel.BoolType)
	}
	if d.message != nil {
		r.message = l.compiler.compile(d.source, d.message, "message", cel.StringType)
	}
	return r
}
