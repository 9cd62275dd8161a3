package policies

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Setting is an override or an exemption of a policy, and what came of it for one change.
type Setting struct {
	Text string `json:"text"`
	// Applies is true for one that made a difference.
	Applies bool `json:"applies"`
}

// settings are the policy's overrides and exemptions, in their order.
func (e *evaluation) settings(r *rule) (overrides, exemptions []Setting) {
	for _, o := range r.Overrides {
		text := fmt.Sprintf("%s: %s", o.Scope.Path(), o.Enforcement)
		why := e.notOverriding(r, o)
		if why != "" {
			text += ": " + why
		}
		overrides = append(overrides, Setting{text, why == ""})
	}
	f := e.find(r, e.whole)
	whole := false // one that covers all has been seen
	for _, x := range r.exemptions {
		why := e.notExempting(x, f)
		if why == "" && whole {
			why = "another one covers all of it"
		}
		whole = whole || why == "" && x.whole()
		text := fmt.Sprintf("%s (owner %s)", x.Resource, x.Owner)
		if why != "" {
			text += ": " + why
		}
		exemptions = append(exemptions, Setting{text, why == ""})
	}
	return overrides, exemptions
}

// notOverriding says why an override is not the one that decides, "" if it is.
func (e *evaluation) notOverriding(r *rule, o Override) string {
	by, found, doubt := e.override(r)
	switch {
	case found && by.Scope == o.Scope:
		return ""
	case doubt != nil && o.Scope.Kind != cloud.Project:
		return doubt.String()
	}
	own, _ := container(e.in.Change.Resource)
	ancestors, _ := e.ancestors()
	if found && slices.Contains(ancestors, o.Scope.Path()) {
		return "that for " + by.Scope.Path() + " is nearer"
	}
	return own.Path() + " is not in it"
}

// notExempting says why an exemption covers nothing of what was found, "" if it does.
func (e *evaluation) notExempting(x exemption, f finding) string {
	switch {
	case x.pattern.Kind != e.in.Change.Resource.Kind:
		return fmt.Sprintf("it is for a %s", x.pattern.Kind)
	case !x.matches(e.in.Change.Resource):
		return "it is for another resource"
	case x.expired(e.in.Now):
		return x.ending(e.in.Now)
	case f.verdict == Compliant:
		return "there is nothing to exempt"
	case !x.whole() && !slices.ContainsFunc(f.grants, x.names):
		return "nothing that violates is of its members and roles"
	}
	return ""
}
