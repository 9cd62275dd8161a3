package judge

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// agents are the grants of a judgement to accounts that Google manages, but for
// those that are known to work for somebody outside of the organization: who has
// them is a stranger like any other.
type agents struct {
	own    []cloud.Grant // of the organization, or Google's own: never touched
	unsure []cloud.Grant // of which that is not known
	whys   []string      // why it is not, one for each of unsure
}

// agentsAmong looks for them among grants on what near is. It asks about those alone.
func agentsAmong(gs []cloud.Grant, near cloud.Resource, ask func(policies.Question) policies.Fact) (a agents) {
	for _, g := range gs {
		own, why := policies.OwnAgent(g.Member, near, ask)
		switch {
		case why != "":
			a.unsure, a.whys = append(a.unsure, g), append(a.whys, why)
		case own:
			a.own = append(a.own, g)
		}
	}
	return a
}

// touchable are the grants that a plan may take away once a person agrees.
func (a agents) touchable(gs []cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(slices.Clone(gs), func(g cloud.Grant) bool { return slices.Contains(a.own, g) })
}

// certain are those that it may take away unasked.
func (a agents) certain(gs []cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(a.touchable(gs), func(g cloud.Grant) bool { return slices.Contains(a.unsure, g) })
}

// doubts say of those that are planned, or of those that are not, why nobody knows
// whose they are.
func (a agents) doubts(planned []cloud.Grant, in bool) (out []string) {
	for i, g := range a.unsure {
		if slices.Contains(planned, g) == in {
			out = append(out, g.String()+": "+a.whys[i])
		}
	}
	return out
}
