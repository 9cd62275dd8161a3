package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// schema is a JSON Schema of the 2020-12 draft, as far as policy files need it.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	UniqueItems bool               `json:"uniqueItems,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	Properties  map[string]*schema `json:"properties,omitempty"`
	// Additional is false, or the schema of what stands under keys of one's own.
	Additional    any      `json:"additionalProperties,omitempty"`
	PropertyNames *schema  `json:"propertyNames,omitempty"`
	Required      []string `json:"required,omitempty"`
	If            *schema  `json:"if,omitempty"`
	Then          *schema  `json:"then,omitempty"`
	Else          *schema  `json:"else,omitempty"`
}

// Schema returns the JSON Schema of policy files. The keys, the words and what
// is required come from the parser itself, so they are what Load accepts; what
// the schema cannot say (that expressions compile, that names are unique) Load
// still checks.
func Schema() ([]byte, error) {
	root, err := fileSchema()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return b.Bytes(), nil
}

func fileSchema() (*schema, error) {
	set, err := Load()
	if err != nil {
		return nil, err
	}
	root := shapeOf(func(s *source, n *yaml.Node) { s.drafts(n) })
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "rescind policies"
	policy := root.Properties["policies"].Items
	policy.builtIn(set.Catalogue())
	for path, note := range notes {
		root.at(path).annotate(note)
	}
	return root, nil
}

// builtIn says what must and may stand in a policy that names a built-in one,
// and in one that does not (draft.onlyCustomises, draft.complete).
func (s *schema) builtIn(catalogue []Policy) {
	var names []any
	for _, p := range catalogue {
		names = append(names, p.Name)
	}
	s.If = &schema{Properties: map[string]*schema{"name": {Enum: names}}}
	s.Then = &schema{PropertyNames: &schema{Enum: []any{"name", "enforcement", "overrides", "exemptions"}}}
	s.Else = &schema{Required: []string{"title", "severity", "on", "when"}}
}

// shape takes down what the parser reads. It stands in a source in place of
// the text of a file: each reader then says what it would take.
type shape struct {
	into *schema
	any  *yaml.Node // what readers are handed: a map with one key of one's own
}

// ownKey stands for keys that the author of a file chooses.
const ownKey = "*"

func shapeOf(read func(*source, *yaml.Node)) *schema {
	key := &yaml.Node{Kind: yaml.ScalarNode, Value: ownKey}
	handed := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, key}}
	sh := &shape{&schema{}, handed}
	read(&source{shape: sh}, handed)
	return sh.into
}

// child takes down what a reader of a part reads.
func (sh *shape) child(read func(*yaml.Node)) *schema {
	outer := sh.into
	defer func() { sh.into = outer }()
	sh.into = &schema{}
	read(sh.any)
	return sh.into
}

func (sh *shape) object(known keys, required []string) {
	sh.into.Type, sh.into.Required = "object", required
	if read := known[ownKey]; read != nil {
		sh.into.Additional = sh.child(read)
		return
	}
	sh.into.Additional = false
	sh.into.Properties = map[string]*schema{}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		sh.into.Properties[key] = sh.child(known[key])
	}
}

func (sh *shape) list(read func(*yaml.Node)) {
	sh.into.Type, sh.into.Items = "array", sh.child(read)
}

func (sh *shape) text() { sh.into.Type, sh.into.Pattern = "string", `\S` }

func (sh *shape) date() {
	sh.into.Type, sh.into.Format, sh.into.Pattern = "string", "date", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
}

// word takes down a set of words. YAML writes some of them as booleans.
func (sh *shape) word(allowed []string) {
	for _, w := range allowed {
		sh.into.Enum = append(sh.into.Enum, w)
		if w == "true" || w == "false" {
			sh.into.Enum = append(sh.into.Enum, w == "true")
		}
	}
}
