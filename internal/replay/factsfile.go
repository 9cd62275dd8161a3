package replay

import (
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// maxFacts bounds a facts file; ten thousand projects take about one MiB.
const maxFacts = 32 << 20

// FactsFile is what somebody who can read Google Cloud wrote down for a
// replay, which cannot. It describes a standing state: what it says holds for
// the whole history, until an entry says otherwise.
type FactsFile struct {
	// Name is the file, as reasons cite it.
	Name string
	// Warnings are sentences about what the file says and cannot mean, with their places.
	Warnings    []string
	constraints map[string]listedConstraint
	domains     map[string][]string      // organization -> all its domains
	projects    map[string]listedProject // by id
	ids         map[string]string        // project number -> id
	folders     map[string][]string      // folder -> what holds it, nearest first
	identities  map[string]bool          // e-mails

	names, constraintNames []nameAt            // to be looked at once all is read
	basicRoles             map[string]bool     // e-mails of who holds one; nil where that is not stated
	groups                 map[string][]string // group -> the e-mails of all its members, in groups within it too
}

type listedProject struct {
	id, number string
	ancestors  []string // nearest first
	placed     bool     // ancestors were given, though there may be none
}

func newFactsFile(name string) *FactsFile {
	return &FactsFile{
		Name:        name,
		constraints: map[string]listedConstraint{},
		domains:     map[string][]string{},
		projects:    map[string]listedProject{},
		ids:         map[string]string{},
		folders:     map[string][]string{},
		identities:  map[string]bool{},
		groups:      map[string][]string{},
	}
}

// ReadFacts reads the facts file at path.
func ReadFacts(path string) (*FactsFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFacts+1))
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	if len(data) > maxFacts {
		return nil, fmt.Errorf("read facts: %s is longer than %d MiB", path, maxFacts>>20)
	}
	return ParseFacts(path, data)
}

// ParseFacts reads a facts file, strictly: an unknown key or a value that
// cannot be is refused, all of them at once, each with its place. An empty
// file holds no facts.
func ParseFacts(name string, data []byte) (*FactsFile, error) {
	f := newFactsFile(name)
	r, root := strictyaml.Open(name, data, maxFacts)
	if root != nil {
		f.read(factsParser{r}, root)
		f.warn()
	}
	return f, r.Err()
}

func (f *FactsFile) read(p factsParser, n *yaml.Node) {
	p.Fields(n, "the file", strictyaml.Keys{
		"constraints":   func(n *yaml.Node) { p.Entries(n, "constraints", func(k, v *yaml.Node) { f.constraint(p, k, v) }) },
		"projects":      func(n *yaml.Node) { p.List(n, "projects", func(n *yaml.Node) { f.project(p, n) }) },
		"organizations": func(n *yaml.Node) { p.List(n, "organizations", func(n *yaml.Node) { f.organization(p, n) }) },
		"basic_role_holders": func(n *yaml.Node) {
			f.basicRoles = map[string]bool{}
			p.List(n, "basic_role_holders", func(n *yaml.Node) { f.email(p, n, "basic_role_holders", "holder of a basic role", f.basicRoles) })
		},
		"groups":             func(n *yaml.Node) { p.List(n, "groups", func(n *yaml.Node) { f.group(p, n) }) },
		"runtime_identities": func(n *yaml.Node) { p.List(n, "runtime_identities", func(n *yaml.Node) { f.identity(p, n) }) },
	})
}

func (f *FactsFile) project(p factsParser, n *yaml.Node) {
	var l listedProject
	p.Fields(n, "a project", strictyaml.Keys{
		"id":        func(n *yaml.Node) { l.id = p.word(n, "id") },
		"number":    func(n *yaml.Node) { l.number = p.digits(n, "number") },
		"ancestors": func(n *yaml.Node) { l.ancestors, l.placed = p.ancestors(n), true },
	})
	if l.id != "" {
		f.names = append(f.names, nameAt{l.id, n, "the id of a project"})
	}
	_, twice := f.projects[l.id]
	other, taken := f.ids[l.number]
	switch {
	case l.id == "":
		p.Problem(n, "project without an id")
	case strings.Contains(l.id, "/"):
		p.Problem(n, "project id %q: want it without projects/", l.id)
	case twice:
		p.Problem(n, "project %q is listed twice", l.id)
	case taken:
		p.Problem(n, "project %q: %q has the number %s already", l.id, other, l.number)
	default:
		f.list(l)
	}
}

func (f *FactsFile) list(l listedProject) {
	f.projects[l.id] = l
	if l.number != "" {
		f.ids[l.number] = l.id
	}
	for i, a := range l.ancestors {
		if _, ok := f.folders[a]; !ok {
			f.folders[a] = l.ancestors[i+1:]
		}
	}
}

func (f *FactsFile) identity(p factsParser, n *yaml.Node) {
	f.email(p, n, "runtime_identities", "runtime identity", f.identities)
}

func (f *FactsFile) email(p factsParser, n *yaml.Node, key, what string, into map[string]bool) {
	email := p.word(n, "an entry of "+key)
	name, domain, ok := strings.Cut(email, "@")
	if email != "" && (!ok || name == "" || domain == "" || strings.ContainsAny(email, ": /")) {
		p.Problem(n, "%s %q: want a service account's e-mail alone", what, email)
		return
	}
	into[strings.ToLower(email)] = true
}

func (f *FactsFile) group(p factsParser, n *yaml.Node) {
	var email string
	members := []string{}
	p.Fields(n, "a group", strictyaml.Keys{
		"email": func(n *yaml.Node) { email = strings.ToLower(p.word(n, "email")) },
		"members": func(n *yaml.Node) {
			p.List(n, "members", func(n *yaml.Node) {
				members = append(members, strings.ToLower(p.word(n, "an entry of members")))
			})
		},
	})
	if !strings.Contains(email, "@") {
		p.Problem(n, "group without an email")
		return
	}
	f.groups[email] = members
}

// listed returns what the file, if there is one, says of the project.
func (f *FactsFile) listed(id string) (listedProject, bool) {
	if f == nil {
		return listedProject{}, false
	}
	l, ok := f.projects[id]
	return l, ok
}
