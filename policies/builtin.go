package policies

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"

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

// shipped is the built-in policy of that name as it is shipped. It is read when it
// is first asked for, and compiled when it first judges something.
func shipped(name string) (*rule, error) {
	read, _ := compiled.LoadOrStore(name, sync.OnceValues(func() (*rule, error) { return compileBuiltIn(name) }))
	return read.(func() (*rule, error))() //nolint:forcetypeassert // nothing else is stored there
}

func compileBuiltIn(name string) (*rule, error) {
	file, data, err := catalog.Read(name)
	if err != nil {
		return nil, err
	}
	l := loader{compile: whenWanted, isBuiltIn: func(string) bool { return false }, named: map[string]*draft{}}
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

// Shipped lists the built-in policies as they are shipped, loaded or not. The caller may
// do with the result as it likes.
func Shipped() []Policy { return policiesOf(shippedRules()) }

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

// whenWanted is an expression of a built-in policy, which is compiled when it is
// first evaluated: those always loaded took 20 ms of CPU, a fifth of a start. That
// each compiles, the tests say; if one did not, what it judges would be unknown.
func whenWanted(s source, n *yaml.Node, what string, want *cel.Type) *program {
	whole := sync.OnceValues(func() (*program, error) { return compileNow(s, n, what, want), s.Err() })
	return &program{func(counted bool) (cel.Program, error) {
		p, err := whole()
		if err != nil {
			return nil, err
		}
		return p.of(counted)
	}}
}
