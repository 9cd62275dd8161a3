package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// maxListed is how many findings a group's card names before it counts.
const maxListed = 10

// GroupCard says what people are told of findings of one cause. items are those
// that were looked up; the rest reads as it was shown last. It is pure, as Card.
func GroupCard(g remediate.Group, items []finding.Finding, o Options) Message {
	v := groupView{g, items, o}
	m := Message{
		Finding: g.ID, Revision: g.Revision, Drawing: g.Changes, Digest: g.Digest()[:8],
		Severity: v.severity(), State: v.state(),
		Headline: v.headline(), Status: v.status(), Fields: v.fields(), Why: v.why(),
		Plan: "The " + findings(len(g.Items)), Diff: v.list(),
		Note:    v.note(),
		Buttons: v.buttons(),
		Link:    findingsLink(o),
	}
	m.Text = v.aloud(m)
	m.clean()
	return m
}

type groupView struct {
	remediate.Group
	items   []finding.Finding
	options Options
}

func findingsLink(o Options) string {
	if o.BaseURL == "" {
		return ""
	}
	return strings.TrimSuffix(o.BaseURL, "/") + "/findings"
}

func (v groupView) severity() policies.Severity {
	for _, s := range []policies.Severity{policies.Critical, policies.High, policies.Medium, policies.Low} {
		if slices.ContainsFunc(v.Items, func(i remediate.Item) bool { return i.Severity == s }) {
			return s
		}
	}
	return ""
}

// state is pending as long as one of the findings is, else that of most.
func (v groupView) state() state.State {
	var most state.State
	for _, s := range state.All() {
		n := v.Count(s)
		if s == state.Pending && n > 0 {
			return s
		}
		if n > 0 && n > v.Count(most) {
			most = s
		}
	}
	return most
}

func (v groupView) title() string {
	if v.Cause.Limit != "" {
		return "held back by a limit"
	}
	return v.Cause.Policy
}

func (v groupView) headline() string {
	first := string(v.severity())
	if s := v.state(); s != state.Pending && s != state.Reported || first == "" {
		first = string(s)
	}
	if len(v.Items) > v.Count(v.state()) && !slices.ContainsFunc(v.Items, func(i remediate.Item) bool { return !i.State.Ended() }) {
		first = "ended" // one way or another, as the status says
	}
	parts := []string{strings.ToUpper(first), fmt.Sprintf("%d × %s", len(v.Items), short(v.title(), 80)), v.Cause.Project}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

func (v groupView) fields() []Field {
	fs := []Field{{Name: "When", At: v.Since}}
	if v.Cause.Limit != "" {
		fs = append(fs, Field{Name: "Limit", Value: v.Cause.Limit})
	} else {
		fs = append(fs,
			Field{Name: "Who", Value: person(v.Cause.Actor), Exact: true},
			Field{Name: "Policy", Value: v.Cause.Policy, Exact: true},
			Field{Name: "Where", Value: v.Cause.Project, Exact: true})
	}
	if n := v.needs(); n != "" {
		fs = append(fs, Field{Name: "Needs", Value: n})
	}
	if ends := v.expires(); !ends.IsZero() {
		fs = append(fs, Field{Name: "If nobody answers", Value: v.silence(), At: ends})
	}
	return fs
}

// why is what is wrong, each thing once: the list says of which resources.
func (v groupView) why() []string {
	var out []string
	for _, f := range v.items {
		for _, w := range append([]string{wrong(f)}, f.Reasons...) {
			w = short(named(f, "the "+kind(f.Resource), w), maxPhrase)
			if !slices.Contains(out, w) && len(out) < maxListed {
				out = append(out, w)
			}
		}
	}
	return out
}

// list is a line a finding, those that wait for an answer first.
func (v groupView) list() []string {
	var open, rest []string
	for _, i := range v.Items {
		line := fmt.Sprintf("%-10s %s", i.State, v.where(i.Resource))
		k := slices.IndexFunc(v.items, func(f finding.Finding) bool { return f.ID == i.Finding })
		if k >= 0 && !v.items[k].Plan.Empty() && !i.State.Ended() {
			line += ": " + short(effects(v.items[k].Plan), 80)
		}
		if line += "  [" + i.Finding + "]"; i.State == state.Pending {
			open = append(open, line)
		} else {
			rest = append(rest, line)
		}
	}
	out := append(open, rest...)
	if more := len(out) - maxListed; more > 0 {
		out = append(out[:maxListed:maxListed], fmt.Sprintf("and %d more: rescind findings list", more))
	}
	return out
}

// where leaves out the project that all of them are in.
func (v groupView) where(r cloud.Resource) string {
	return strings.TrimSuffix(where(r), ", project "+v.Cause.Project)
}

// effects says what applying the plan does, where the resource is named already.
func effects(p judge.Plan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, stepEffect(s))
	}
	return strings.Join(out, "; ")
}
