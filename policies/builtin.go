package policies

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/rescind-dev/rescind/policies/catalog"
)

// theCompiler, builtInNames and compiled are part of the program and never
// change, so each is made once.
var (
	theCompiler  = sync.OnceValues(newCompiler)
	builtInNames = sync.OnceValue(catalog.Names)
	compiled     sync.Map // name -> func() (*rule, error)
)

func isBuiltIn(name string) bool { return slices.Contains(builtInNames(), name) }

// shipped is the built-in policy of that name as it is shipped. It is compiled
// when it is first asked for: to compile them all would be most of what starting
// from zero takes.
func shipped(name string) (*rule, error) {
	compile, _ := compiled.LoadOrStore(name, sync.OnceValues(func() (*rule, error) { return compileBuiltIn(name) }))
	return compile.(func() (*rule, error))() //nolint:forcetypeassert // nothing else is stored there
}

func compileBuiltIn(name string) (*rule, error) {
	c, err := theCompiler()
	if err != nil {
		return nil, err
	}
	file, data, err := catalog.Read(name)
	if err != nil {
		return nil, err
	}
	l := loader{compiler: c, isBuiltIn: func(string) bool { return false }, named: map[string]*draft{}}
	l.file(File{Name: file, Data: data})
	if len(l.problems) > 0 {
		return nil, fmt.Errorf("built-in policies: %w", errors.Join(l.problems...))
	}
	if len(l.rules) != 1 || l.rules[0].Name != name {
		return nil, fmt.Errorf("built-in policies: %s does not hold the policy it is named after, alone", file)
	}
	r := l.rules[0]
	r.BuiltIn = true
	return r, nil
}

// shippedRules are all built-in policies as they are shipped, loaded or not.
func shippedRules() []*rule {
	var out []*rule
	for _, name := range builtInNames() {
		r, err := shipped(name)
		if err != nil {
			panic(err.Error()) // they are in the program, and the tests compile each: cannot happen
		}
		out = append(out, r)
	}
	return out
}
