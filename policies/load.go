package policies

import (
	"embed"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
)

//go:embed catalog/*.yaml
var catalog embed.FS

// always lists the built-in policies that are loaded whatever the files say.
// The others of the catalogue are loaded when a file names them.
var always = []string{"no-default-service-account", "no-editor-on-runtime-identity", "no-public-invoker"}

// Load compiles the built-in policies and those of the files on top of them.
// A file adds policies, or changes the enforcement, overrides and exemptions
// of a built-in one by its name. Everything that is wrong with any of the
// files is in the error, as *Problem values joined together; a Set is returned
// only when nothing is.
func Load(files ...File) (*Set, error) {
	c, err := shipped()
	if err != nil {
		return nil, err
	}
	l := loader{compiler: c.compiler, builtIn: c.rules, named: map[string]*draft{}}
	for _, f := range files {
		l.file(f)
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	return newSet(c.rules, append(l.builtIns(), l.rules...)), nil
}

// shipped compiles the catalogue, once: it is part of the program and never
// changes, and neither does a rule.
var shipped = sync.OnceValues(compileCatalogue)

type catalogue struct {
	compiler *compiler
	rules    []*rule
}

func compileCatalogue() (*catalogue, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	l := loader{compiler: c, named: map[string]*draft{}}
	entries, err := catalog.ReadDir("catalog")
	if err != nil {
		return nil, fmt.Errorf("built-in policies: %w", err)
	}
	for _, entry := range entries {
		name := "catalog/" + entry.Name()
		data, err := catalog.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("built-in policies: %w", err)
		}
		l.file(File{Name: name, Data: data})
	}
	if len(l.problems) > 0 {
		return nil, fmt.Errorf("built-in policies: %w", errors.Join(l.problems...))
	}
	for _, r := range l.rules {
		r.BuiltIn = true
	}
	return &catalogue{c, l.rules}, nil
}

type loader struct {
	compiler *compiler
	builtIn  []*rule           // the catalogue, as it is shipped
	rules    []*rule           // of the files
	named    map[string]*draft // by the files
	problems []error
}

// builtIns are the policies of the catalogue that are loaded, as the files
// have them.
func (l *loader) builtIns() []*rule {
	var out []*rule
	for _, r := range l.builtIn {
		d, named := l.named[r.Name]
		switch {
		case named:
			out = append(out, d.customised(r))
		case slices.Contains(always, r.Name):
			out = append(out, r)
		}
	}
	return out
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
	if slices.ContainsFunc(l.builtIn, func(r *rule) bool { return r.Name == d.Name }) {
		d.onlyCustomises()
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
	if d.advice != nil {
		r.advice = l.compiler.compile(d.source, d.advice, "advice", cel.ListType(cel.StringType))
	}
	return r
}
