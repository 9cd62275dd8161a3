package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// maxNewest is how many findings a digest tells of by name.
const maxNewest = 5

// pendingCommand lists what a digest counts, where there is no page.
const pendingCommand = "rescind findings list --state pending"

// Digest says what people are told in a flood, in place of a message for each
// finding. It decides nothing: it has no buttons. The one that is posted first
// holds no number, as whoever posted it may not live to rewrite it. It is pure,
// as Card.
func Digest(d remediate.Roundup, s remediate.RoundupContent, o Options) Message {
	v := digestView{Roundup: d, RoundupContent: s}
	for _, f := range s.Open {
		if f.State == state.Pending {
			v.asking = append(v.asking, f)
		}
	}
	m := Message{
		Revision: d.Draws, State: state.Pending, Headline: v.headline(), Status: v.status(), Note: v.note(o), Link: pendingLink(o),
	}
	if v.counted() {
		m.Fields, m.Plan, m.Diff = v.fields(), v.plan(), v.newest()
	}
	if !s.Done {
		m.Fields = append(m.Fields, Field{Name: "On the command line", Value: pendingCommand, Exact: true})
	}
	m.Text = v.aloud(m)
	m.clean()
	return m
}

func pendingLink(o Options) string {
	if o.BaseURL == "" {
		return ""
	}
	return findingsLink(o) + "?state=pending"
}

type digestView struct {
	remediate.Roundup
	remediate.RoundupContent
	asking []finding.Finding
}

// counted reports whether the digest has numbers: not before it is known where
// it stands, and none that go stale while the cards are posted.
func (v digestView) counted() bool { return v.Message.ID != "" && v.Roundup.Over.IsZero() }

func (v digestView) headline() string {
	switch {
	case !v.Roundup.Over.IsZero():
		return "MANY FINDINGS · it is over"
	case !v.counted():
		return "MANY FINDINGS"
	}
	return "MANY FINDINGS · " + v.need()
}

// need is "57 more need an answer".
func (v digestView) need() string {
	least := ""
	if v.More {
		least = "at least "
	}
	if n := len(v.asking); n != 1 {
		return fmt.Sprintf("%s%d more need an answer", least, n)
	}
	return least + "1 more needs an answer"
}

func (v digestView) status() string {
	since := "Since " + Clock(v.Since) + " more findings came than this channel takes messages"
	switch {
	case v.Done:
		return sentence(since+", until "+Clock(v.Roundup.Over)) + " Every question of them that is still open now has a card of its own."
	case !v.Roundup.Over.IsZero():
		return sentence(since+", until "+Clock(v.Roundup.Over)) + " The questions of them that are still open get their cards now, oldest deadline first."
	case !v.counted():
		return sentence(since) + " Those without a message of their own are where the link and the command below lead."
	}
	return sentence(since) + " " + sentence(v.need()+" and have no message of their own yet")
}

func (v digestView) note(o Options) string {
	if !v.Roundup.Over.IsZero() {
		return ""
	}
	where := "with rescind findings"
	if o.BaseURL != "" {
		where = "on its page or " + where
	}
	return fmt.Sprintf("Critical findings still get a card of their own. Each of the others can be read with /rescind show ID and answered %s. "+
		"When fewer than %d messages in ten minutes are wanted here, those still open get their cards.", where, max(v.Above, 1))
}

func (v digestView) fields() []Field {
	fs := []Field{
		{Name: "By policy", Value: tally(v.asking, func(f finding.Finding) string { return f.Policy })},
		{Name: "By severity", Value: bySeverity(v.asking)},
	}
	if n := len(v.Open) - len(v.asking); n > 0 {
		fs = append(fs, Field{Name: "Being carried out", Value: fmt.Sprint(n)})
	}
	if len(v.Ended) > 0 {
		fs = append(fs, Field{Name: "Ended without a card", Value: tally(v.Ended, func(f finding.Finding) string { return string(f.State) })})
	}
	if len(v.asking) == 0 {
		return fs[2:]
	}
	first := slices.MinFunc(v.asking, func(a, b finding.Finding) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return append(fs, Field{Name: "First deadline", At: first.ExpiresAt})
}

// tally counts findings by a word, the most frequent first, and sums up the
// words beyond the first few.
func tally(fs []finding.Finding, word func(finding.Finding) string) string {
	n := map[string]int{}
	for _, f := range fs {
		n[word(f)]++
	}
	words := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], strings.Compare(a, b)) })
	rest := 0
	var out []string
	for i, w := range words {
		if i >= maxNewest {
			rest += n[w]
			continue
		}
		out = append(out, fmt.Sprintf("%d %s", n[w], short(w, 40)))
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("%d others", rest))
	}
	return strings.Join(out, ", ")
}

func bySeverity(fs []finding.Finding) string {
	var out []string
	for _, s := range []policies.Severity{policies.Critical, policies.High, policies.Medium, policies.Low, ""} {
		n := 0
		for _, f := range fs {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, cmp.Or(string(s), "unrated")))
		}
	}
	return strings.Join(out, ", ")
}

func (v digestView) plan() string {
	if n := len(v.asking); n > maxNewest {
		return fmt.Sprintf("The newest %d of them", maxNewest)
	}
	return "They are"
}

// newest is a line for each of the newest: who, what, where, until when.
func (v digestView) newest() []string {
	var out []string
	for _, f := range v.asking[:min(len(v.asking), maxNewest)] {
		out = append(out, fmt.Sprintf("%s: %s %s %s, until %s  [%s]",
			short(phrase(f), 80), short(who(f), 80), verb(f.Change), where(f.Resource), Clock(f.ExpiresAt), f.ID))
	}
	return out
}

func (v digestView) aloud(m Message) string {
	parts := []string{m.Status}
	for _, f := range m.Fields {
		parts = append(parts, f.Name+": "+f.String()+".")
	}
	if m.Note != "" {
		parts = append(parts, m.Note)
	}
	if m.Link != "" {
		parts = append(parts, "All that are pending: "+m.Link)
	}
	return strings.Join(parts, " ")
}
