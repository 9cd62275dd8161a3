package policies

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits on what a policy file may be. A file beyond them is a mistake or an
// attack, and is refused before memory is spent on it.
const (
	maxFileBytes  = 1 << 20
	maxTotalBytes = 32 << 20
	maxDepth      = 32
	maxPolicies   = 2000 // in all files together
)

// document parses the file's one YAML document. Anchors, aliases and tags are
// refused: what a reviewer reads must be what is loaded.
func (s *source) document(data []byte) *yaml.Node {
	if len(data) > maxFileBytes {
		s.problemAt(1, 1, "", "the file has %d bytes, the limit is %d", len(data), maxFileBytes)
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF) || err == nil && empty(&doc):
		s.problemAt(1, 1, "", "the file is empty; want `apiVersion: %s` and `policies:`", apiVersion)
		return nil
	case err != nil:
		s.syntaxError(err)
		return nil
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			s.syntaxError(err)
		} else {
			s.problem(&second, "a second YAML document; want one document a file")
		}
		return nil
	}
	if !s.plain(&doc, 0) {
		return nil
	}
	return doc.Content[0]
}

func empty(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Tag == "!!null"
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError reports what the YAML parser says; it knows the line only.
func (s *source) syntaxError(err error) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	m := yamlErrorLine.FindStringSubmatch(text)
	if m == nil {
		m = []string{"", "", text}
	}
	line, convErr := strconv.Atoi(m[1])
	if convErr != nil {
		line = 1
	}
	s.problemAt(line, 1, "", "not YAML: %s", m[2])
}

// plain reports whether the tree holds plain maps, lists and scalars only, and
// is not nested too deeply.
func (s *source) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		s.problem(n, "nested more than %d levels deep", maxDepth)
		return false
	case n.Kind == yaml.AliasNode:
		s.problem(n, "aliases are not allowed; write the value out")
		return false
	case n.Anchor != "":
		s.problem(n, "anchors are not allowed; write the value out where it is used")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		s.problem(n, "tags like %s are not allowed", n.Tag)
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = s.plain(c, depth+1) && ok
	}
	return ok
}
