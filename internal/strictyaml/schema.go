package strictyaml

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Schema is a JSON Schema of the 2020-12 draft, as far as our files need it.
type Schema struct {
	Schema      string             `json:"$schema,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type,omitempty"`
	Enum        []any              `json:"enum,omitempty"`
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	MinItems    int                `json:"minItems,omitempty"`
	UniqueItems bool               `json:"uniqueItems,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	// Additional is false, or the *Schema of what stands under keys of one's own.
	Additional    any      `json:"additionalProperties,omitempty"`
	PropertyNames *Schema  `json:"propertyNames,omitempty"`
	Required      []string `json:"required,omitempty"`
	If            *Schema  `json:"if,omitempty"`
	Then          *Schema  `json:"then,omitempty"`
	Else          *Schema  `json:"else,omitempty"`
}

// At finds a part of the schema by its path: keys with dots between them, "[]"
// for the elements of a list, "*" for what stands under keys of one's own. It
// is nil when there is none.
func (s *Schema) At(path string) *Schema {
	for _, key := range strings.Split(path, ".") {
		if s == nil {
			return nil
		}
		switch key {
		case "[]":
			s = s.Items
		case ownKey:
			s, _ = s.Additional.(*Schema)
		default:
			s = s.Properties[key]
		}
	}
	return s
}

// SchemaOf returns the schema of what read reads. It calls read with a reader
// that takes down what each of its methods would accept: the keys, the words
// and what is required are so what a file is held to. What read checks by
// itself is not in it.
func SchemaOf(read func(*Reader, *yaml.Node)) *Schema {
	key := &yaml.Node{Kind: yaml.ScalarNode, Value: ownKey}
	handed := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{key, key}}
	sh := &shape{&Schema{}, handed}
	read(&Reader{shape: sh}, handed)
	return sh.into
}

// ownKey stands for keys that the author of a file chooses.
const ownKey = "*"

// shape takes down what is read.
type shape struct {
	into *Schema
	any  *yaml.Node // what readers are handed: a map with one key of one's own
}

// child takes down what a reader of a part reads.
func (sh *shape) child(read func(*yaml.Node)) *Schema {
	outer := sh.into
	defer func() { sh.into = outer }()
	sh.into = &Schema{}
	read(sh.any)
	return sh.into
}

func (sh *shape) fields(known Keys, required []string) {
	sh.into.Type, sh.into.Required, sh.into.Additional = "object", required, false
	sh.into.Properties = map[string]*Schema{}
	for _, key := range slices.Sorted(maps.Keys(known)) {
		sh.into.Properties[key] = sh.child(known[key])
	}
}

func (sh *shape) entries(read func(key, value *yaml.Node)) {
	sh.into.Type = "object"
	sh.into.Additional = sh.child(func(n *yaml.Node) { read(sh.any.Content[0], n) })
}

func (sh *shape) list(read func(*yaml.Node)) {
	sh.into.Type, sh.into.Items = "array", sh.child(read)
}

func (sh *shape) text() { sh.into.Type, sh.into.Pattern = "string", `\S` }

func (sh *shape) date() {
	sh.into.Type, sh.into.Format, sh.into.Pattern = "string", "date", `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`
}

// word takes down one of a set of words. YAML writes some of them as booleans.
func (sh *shape) word(w string) {
	sh.into.Enum = append(sh.into.Enum, w)
	if w == "true" || w == "false" {
		sh.into.Enum = append(sh.into.Enum, w == "true")
	}
}
