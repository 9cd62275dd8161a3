package policies

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// Schema returns the JSON Schema of policy files. The keys, the words and what
// is required come from the parser itself, so they are what Load accepts; what
// the schema cannot say (that expressions compile, that names are unique) Load
// still checks.
func Schema() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(fileSchema()); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return b.Bytes(), nil
}

func fileSchema() *strictyaml.Schema {
	root := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *yaml.Node) { source{r}.drafts(n) })
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "rescind policies"
	tellBuiltIn(root.Properties["policies"].Items)
	for path, note := range notes {
		note.annotate(root.At(path))
	}
	return root
}

// tellBuiltIn says what must and may stand in a policy that names a built-in
// one, and in one that does not (draft.onlyCustomises, draft.complete).
func tellBuiltIn(policy *strictyaml.Schema) {
	policy.If = &strictyaml.Schema{Properties: map[string]*strictyaml.Schema{"name": oneOf(builtInNames())}}
	policy.Then = &strictyaml.Schema{PropertyNames: oneOf(customKeys)}
	policy.Else = &strictyaml.Schema{Required: neededKeys}
}

func oneOf(words []string) *strictyaml.Schema {
	s := &strictyaml.Schema{}
	for _, w := range words {
		s.Enum = append(s.Enum, w)
	}
	return s
}
