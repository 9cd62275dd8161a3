package notify

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/remediate"
)

// pendingCommand lists what a roundup counts, where there is no page.
const pendingCommand = "rescind findings list --state pending"

// Roundup says what people are told in a flood, in place of a message for each
// finding. It decides nothing: it has no buttons. The one that is posted first
// holds no number, as whoever posted it may not live to rewrite it. It is pure,
// as Card.
func Roundup(d remediate.Roundup, s remediate.RoundupContent, o Options) Message {
	v := roundupView{Roundup: d, RoundupContent: s}
	for _, f := range s.Open {
		if f.State == state.Pending {
			v.asking = append(v.asking, f)
		}
	}
	m := Message{
		Revision: d.Draws, State: state.Pending, Headline: v.headline(), Status: v.status(o), Note: v.note(o), Link: pendingLink(o),
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

type roundupView struct {
	remediate.Roundup
	remediate.RoundupContent
	asking []finding.Finding
}

// counted reports whether the roundup has numbers: not before it is known where
// it stands, and none that go stale while the cards are posted.
func (v roundupView) counted() bool { return v.Message.ID != "" && v.Roundup.Over.IsZero() }

func (v roundupView) headline() string {
	switch {
	case !v.Roundup.Over.IsZero():
		return "MANY FINDINGS · it is over"
	case !v.counted():
		return "MANY FINDINGS"
	}
	return "MANY FINDINGS · " + v.need()
}

// need is "57 more need an answer".
func (v roundupView) need() string {
	least := ""
	if v.More {
		least = "at least "
	}
	if n := len(v.asking); n != 1 {
		return fmt.Sprintf("%s%d more need an answer", least, n)
	}
	return least + "1 more needs an answer"
}

func (v roundupView) status(o Options) string {
	leads := "the link and the command below lead"
	if o.BaseURL == "" {
		leads = "the command below leads"
	}
	since := "Since " + Clock(v.Since) + " more findings came than this channel takes messages"
	switch {
	case v.Done:
		return sentence(since+", until "+Clock(v.Roundup.Over)) + " Every question of them that is still open now has a card of its own."
	case !v.Roundup.Over.IsZero():
		return sentence(since+", until "+Clock(v.Roundup.Over)) + " The questions of them that are still open get their cards now, oldest deadline first."
	case !v.counted():
		return sentence(since) + " Those without a message of their own are where " + leads + "."
	case len(v.asking) == 1:
		return sentence(since) + " " + sentence(v.need()+" and has no message of its own yet")
	}
	return sentence(since) + " " + sentence(v.need()+" and have no message of their own yet")
}

func (v roundupView) note(o Options) string {
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

func (v roundupView) aloud(m Message) string {
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
