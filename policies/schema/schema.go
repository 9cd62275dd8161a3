// Package schema makes the JSON Schema of policy files out of what their parser
// takes.
//
// The keys, the words and what is required come from the parser, so they are what
// is loaded; the package adds what the parser's tables do not say.
package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// BuiltIn says how a policy that names a built-in one differs from a new one.
type BuiltIn struct {
	Names   []string // of the built-in policies
	Changes []string // the keys that may stand in a policy of such a name
	Needed  []string // the keys that a new policy must have
}

// Complete adds to the parser's schema of a file what only people know of it.
func Complete(root *strictyaml.Schema, b BuiltIn) {
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "rescind policies"
	b.tell(root.Properties["policies"].Items)
	for path, note := range notes {
		note.annotate(root.At(path))
	}
}

func (b BuiltIn) tell(policy *strictyaml.Schema) {
	policy.If = &strictyaml.Schema{Properties: map[string]*strictyaml.Schema{"name": oneOf(b.Names)}}
	policy.Then = &strictyaml.Schema{PropertyNames: oneOf(b.Changes)}
	policy.Else = &strictyaml.Schema{Required: b.Needed}
}

// JSON writes the schema as an editor reads it.
func JSON(root *strictyaml.Schema) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return b.Bytes(), nil
}

func oneOf(words []string) *strictyaml.Schema {
	s := &strictyaml.Schema{}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}
