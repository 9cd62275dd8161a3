package strictyaml

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	// MaxBytes is how large a file written by hand may be.
	MaxBytes = 1 << 20
	maxDepth = 32
)

// Reader reads the nodes of one file and collects what is wrong with them.
type Reader struct {
	name     string
	data     []byte
	lines    []string // of data, once they are asked for
	problems []*Problem
	// shape, when set, takes down what a file may hold in place of reading
	// one (SchemaOf).
	shape *shape
}

// Open parses a file and returns the root of its one document: nil where the
// file holds nothing, and where it cannot be read, which is then among the
// reader's problems. A file of more than maxBytes is not looked into.
func Open(name string, data []byte, maxBytes int) (r *Reader, root *yaml.Node) {
	r = &Reader{name: name}
	if len(data) > maxBytes {
		r.problemAt(1, 1, "", "the file has %d bytes, the limit is %d", len(data), maxBytes)
		return r, nil
	}
	r.data = data
	if !r.asShown() {
		return r, nil
	}
	doc := r.document()
	if doc == nil || len(doc.Content) == 0 || empty(doc.Content[0]) || !r.plain(doc, 0) {
		return r, nil
	}
	return r, doc.Content[0]
}

// asShown reports whether YAML reads the lines that an editor shows. YAML also
// ends a line, and with it a comment, at characters at which most editors and
// reviews end none, and controls of the direction show text in another order
// than it is read in (trojansource.codes).
func (r *Reader) asShown() bool {
	line, column := 1, 0
	for rest := r.data; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		column++
		switch {
		case c == utf8.RuneError && size == 1:
			r.problemAt(line, column, "", "not UTF-8: the byte 0x%02x", rest[0])
			return false
		case c == '\n':
			line, column = line+1, 0
		case c == '\r' && bytes.HasPrefix(rest, []byte("\r\n")):
		case c == '\r', c == '\u0085', c == '\u2028', c == '\u2029':
			r.problemAt(line, column, "", "the character %U ends a line; want LF or CR LF there, or an escape in double quotes", c)
			return false
		case '\u202a' <= c && c <= '\u202e', '\u2066' <= c && c <= '\u2069':
			r.problemAt(line, column, "", "the character %U changes the direction of text; want none, or an escape in double quotes", c)
			return false
		}
		rest = rest[size:]
	}
	return true
}

// Name is what problems call the file.
func (r *Reader) Name() string { return r.name }

func (r *Reader) document() *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(r.data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		r.syntaxError(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
		return &doc
	case err != nil:
		r.syntaxError(err)
	default:
		r.Problem(&second, "a second YAML document; want one document a file")
	}
	return nil
}

var parserError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError notes what the parser says. It knows the line only, and leaves
// it out where it is the first.
func (r *Reader) syntaxError(err error) {
	text, _, _ := strings.Cut(err.Error(), "\n")
	line := 1
	if m := parserError.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	r.problemAt(line, 1, "", "not YAML: %s", text)
}

// plain reports whether the tree holds plain maps, lists and scalars only, and
// is not nested too deeply.
func (r *Reader) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		r.Problem(n, "nested more than %d levels deep", maxDepth)
		return false
	case n.Kind == yaml.AliasNode:
		r.Problem(n, "aliases are not allowed; write the value out")
		return false
	case n.Anchor != "":
		r.Problem(n, "anchors are not allowed; write the value out where it is used")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.Problem(n, "tags like %s are not allowed", n.Tag)
		return false
	}
	ok := true
	for _, c := range n.Content {
		ok = r.plain(c, depth+1) && ok
	}
	return ok
}

// empty reports a value that was left out, as in "key:".
func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }
