package replay

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// listedConstraint is what the file says of a constraint; a part that it leaves
// out is nil.
type listedConstraint struct {
	enforced []string            // containers
	denies   map[string][]string // value of a list constraint -> containers
}

func (f *FactsFile) constraint(p factsParser, key, n *yaml.Node) {
	if short, ok := strings.CutPrefix(key.Value, "constraints/"); ok {
		p.Problem(key, "constraint %q: write it without constraints/: %s", key.Value, short)
		return
	}
	c := listedConstraint{}
	f.constraintNames = append(f.constraintNames, nameAt{key.Value, key, "a constraint"})
	p.Fields(n, "constraint "+key.Value, strictyaml.Keys{
		"enforced": func(n *yaml.Node) { c.enforced = f.containers(p, n, key.Value+".enforced") },
		"denies": func(n *yaml.Node) {
			c.denies = map[string][]string{}
			p.Entries(n, key.Value+".denies", func(value, n *yaml.Node) {
				c.denies[value.Value] = f.containers(p, n, key.Value+".denies."+value.Value)
			})
		},
	})
	if c.denies == nil && c.enforced == nil { // listed, and in force nowhere
		c.enforced = []string{}
	}
	f.constraints[key.Value] = c
}

// enforced are the containers where the file, if there is one, has the
// constraint enforced.
func (f *FactsFile) enforced(name string) []string {
	if f == nil {
		return nil
	}
	return f.constraints[name].enforced
}

// denying are the containers where it has the value denied.
func (f *FactsFile) denying(name, value string) []string {
	if f == nil {
		return nil
	}
	return f.constraints[name].denies[value]
}

func (f *FactsFile) organization(p factsParser, n *yaml.Node) {
	var id string
	domains := []string{}
	p.Fields(n, "an organization", strictyaml.Keys{
		"id": func(n *yaml.Node) { id = p.digits(n, "id") },
		"domains": func(n *yaml.Node) {
			p.List(n, "domains", func(n *yaml.Node) {
				domains = append(domains, strings.ToLower(p.word(n, "an entry of domains")))
			})
		},
	})
	if id == "" {
		p.Problem(n, "organization without an id")
		return
	}
	f.domains[cloud.OrganizationResource(id).Path()] = domains
}
