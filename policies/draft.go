package policies

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// draft is a policy as its file writes it, before it is compiled.
type draft struct {
	Policy
	source     source
	node       *yaml.Node // the name, or the whole policy where that is missing
	keys       []*yaml.Node
	when       *yaml.Node
	message    *yaml.Node
	advice     *yaml.Node
	exemptions []exemption
	samples    []ownTest
}

// has reports whether the policy writes the key.
func (d *draft) has(key string) bool {
	for _, k := range d.keys {
		if k.Value == key {
			return true
		}
	}
	return false
}

// neededKeys are those a new policy must have besides its name, customKeys those
// that a draft of a built-in policy may have.
var (
	neededKeys = []string{"title", "severity", "on", "when"}
	customKeys = []string{"name", "enforcement", "overrides", "exemptions"}
)

// complete checks that a new policy has all it needs.
func (d *draft) complete() {
	for _, key := range neededKeys {
		if !d.has(key) {
			d.source.Problem(d.node, "policy %q has no %q", d.Name, key)
		}
	}
}

// onlyCustomises checks that a draft which names a built-in policy changes no
// more of it than its customKeys: its name must keep its meaning.
func (d *draft) onlyCustomises() {
	for _, k := range d.keys {
		if !slices.Contains(customKeys, k.Value) {
			d.source.Problem(k, "policy %q is built in; only its enforcement, overrides and exemptions can be changed, not its %s", d.Name, k.Value)
		}
	}
}

// customised is a built-in policy with what the draft changes of it.
func (d *draft) customised(shipped *rule) *rule {
	r := *shipped
	if d.has("enforcement") {
		r.Enforcement = d.Enforcement
	}
	if d.has("overrides") {
		r.Overrides = d.Overrides
	}
	if d.has("exemptions") {
		r.Exemptions, r.exemptions = d.Exemptions, d.exemptions
	}
	return &r
}
