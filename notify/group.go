package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
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
		Plan: fmt.Sprintf("The %d findings", len(g.Items)), Diff: v.list(),
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

// pending are the findings that wait for an answer.
func (v groupView) pending() []finding.Finding {
	return slices.DeleteFunc(slices.Clone(v.items), func(f finding.Finding) bool {
		return f.State != state.Pending || v.Group.Agreed != nil
	})
}

// revertible are those of them that have something to apply.
func (v groupView) revertible() []finding.Finding {
	return slices.DeleteFunc(v.pending(), func(f finding.Finding) bool { return !f.Plan.Executable() })
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

// counts is how many findings are in each state: "37 pending, 3 reverted".
func (v groupView) counts() string {
	var out []string
	for _, s := range state.All() {
		if n := v.Count(s); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(out, ", ")
}

func (v groupView) status() string {
	s := fmt.Sprintf("%d findings of one cause: %s.", len(v.Items), v.counts())
	switch n := len(v.pending()); {
	case v.Agreed != nil:
		s += " " + sentence(fmt.Sprintf("%s of all of them was answered by %s and is being carried out", v.Agreed.Choice, voters(v.Agreed.Answers)))
	case n > 0 && len(v.Answers) > 0:
		s += " " + sentence(fmt.Sprintf("answered so far, and not yet by enough people: %s", votes(v.Answers)))
	case n > 0:
		s += v.deadline()
	}
	return s
}

func (v groupView) deadline() string {
	if ends := v.expires(); !ends.IsZero() {
		return " Decide by " + Clock(ends) + "."
	}
	return " Pending your decision."
}

func voters(as []finding.Answer) string {
	var names []string
	for _, a := range as {
		names = append(names, person(a.Principal))
	}
	return strings.Join(names, " and ")
}

func votes(as []finding.Answer) string {
	var out []string
	for _, a := range as {
		out = append(out, string(a.Choice)+" by "+person(a.Principal))
	}
	return strings.Join(out, ", ")
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

// expires is when the first of the questions does.
func (v groupView) expires() (first time.Time) {
	for _, f := range v.pending() {
		if first.IsZero() || f.ExpiresAt.Before(first) {
			first = f.ExpiresAt
		}
	}
	return first
}

// needs is who it takes, where that is the same for all that is asked.
func (v groupView) needs() string {
	said := ""
	for i, f := range v.pending() {
		if v.options.Needs == nil {
			return ""
		}
		n := v.options.Needs(f)
		if i > 0 && n != said {
			return ""
		}
		said = n
	}
	return said
}

func (v groupView) silence() string {
	p := v.pending()
	if len(p) == 0 {
		return ""
	}
	said := silence(p[0], v.options)
	if slices.ContainsFunc(p, func(f finding.Finding) bool { return silence(f, v.options) != said }) {
		return "each finding's own record says what then happens"
	}
	return "for each of them " + said
}

// why is what is wrong, each thing once: the list says of which resources.
func (v groupView) why() []string {
	var out []string
	for _, f := range v.items {
		the := strings.NewReplacer(kind(f.Resource)+" "+f.Resource.Name, "the "+kind(f.Resource))
		for _, w := range append([]string{phrase(f)}, why(f)...) {
			if f.Resource.Kind.Workload() {
				w = the.Replace(w)
			}
			if w = short(w, maxPhrase); !slices.Contains(out, w) && len(out) < maxListed {
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

func (v groupView) note() string {
	var parts []string
	if n := len(v.pending()) - len(v.revertible()); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of the pending ones leave open what to write and cannot be reverted from here.", n))
	}
	if len(v.Refused) > 0 {
		parts = append(parts, "Not decided by the last answer: "+strings.Join(v.Refused, "; ")+".")
	}
	return strings.Join(parts, " ")
}

// buttons answer every pending finding of the list that the card shows, and
// none once nothing is pending. One finding more makes them void.
func (v groupView) buttons() []Button {
	var out []Button
	if n := len(v.revertible()); n > 0 {
		out = append(out, Button{
			Choice: finding.ChooseRevert, All: true, Digest: v.Digest()[:8], Danger: true, Label: fmt.Sprintf("Revert all %d", n),
			Spoken: fmt.Sprintf("Revert all %d changes in %s", n, short(v.place(), 40)),
			Ask: Confirm{
				Title: fmt.Sprintf("Revert all %d changes?", n),
				Text:  fmt.Sprintf("Carries out the plans of the %d pending findings on this card, and of none that comes later. Recorded as your decision.", n),
				Yes:   fmt.Sprintf("Revert all %d", n), No: "Go back",
			},
		})
	}
	if n := len(v.pending()); n > 0 {
		out = append(out, Button{
			Choice: finding.ChooseKeep, All: true, Digest: v.Digest()[:8], Form: true, Label: fmt.Sprintf("Keep all %d…", n),
			Spoken: fmt.Sprintf("Keep all %d changes in %s", n, short(v.place(), 40)),
			Ask: Confirm{
				Title: fmt.Sprintf("Keep all %d changes?", n),
				Text:  fmt.Sprintf("The changes of the %d pending findings on this card stay. Whoever made one of them cannot keep them. Recorded as your decision.", n),
				Yes:   fmt.Sprintf("Keep all %d", n), No: "Go back",
			},
		})
	}
	return out
}

func (v groupView) place() string {
	if v.Cause.Project == "" {
		return "several projects"
	}
	return v.Cause.Project
}

func (v groupView) aloud(m Message) string {
	cause := person(v.Cause.Actor) + ", policy " + v.Cause.Policy + ", in " + v.place()
	if v.Cause.Limit != "" {
		cause = v.Cause.Limit
	}
	severity := string(v.severity())
	if severity == "" {
		severity = "unrated"
	}
	parts := []string{m.Status, sentence(severity + " severity at most: " + cause + ", from " + Clock(v.Since) + " on")}
	if ends := v.expires(); !ends.IsZero() {
		parts = append(parts, "If nobody answers until "+Clock(ends)+", "+v.silence()+".")
	}
	for _, b := range m.Buttons {
		parts = append(parts, b.Label+": "+b.Ask.Text)
	}
	if m.Note != "" {
		parts = append(parts, m.Note)
	}
	if m.Link != "" {
		parts = append(parts, "Records: "+m.Link)
	}
	return strings.Join(parts, " ")
}
