package page

import (
	"strings"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// The views hold what templates show. Every string in them is cleaned here, or
// by notify.Card; escaping is the templates'.

// frame is what every page has around it.
type frame struct {
	Title  string
	You    string // an e-mail; empty for a stranger
	Notice notice
}

func frameOf(title string, v Visitor) frame {
	return frame{Title: notify.Clean(title), You: notify.Clean(strings.TrimPrefix(v.Principal, "user:"))}
}

// notice is what just happened.
type notice struct {
	Title, Text string
	Alert       bool // it went wrong
}

// listView is the list of findings.
type listView struct {
	frame
	Filter   filter
	States   []state.State
	Sections []section
}

// moment is a time, for people and for machines.
type moment struct{ ISO, Text string }

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return moment{Text: "not yet"}
	}
	return moment{t.UTC().Format(time.RFC3339), t.UTC().Format("2 Jan 2006 15:04:05 UTC")}
}

// fact is one labelled value.
type fact struct {
	Name, Value, Link string
	Exact             bool
	At                moment
}

// line is one line of a diff.
type line struct{ Sign, Text string }

// block is a heading with lines below it.
type block struct {
	Title string
	Lines []string
	Diff  []line
}

type answerRow struct {
	At                             moment
	Choice, Who, Via, Plan, Reason string
}

type eventRow struct {
	At                     moment
	State, Who, What, Link string
}

// findingView is all that is recorded of a finding, as rescind findings show has
// it, with the forms for the answers that it takes.
type findingView struct {
	frame
	ID       string
	Revision int64
	Token    string
	State    string
	Severity string
	Heading  string // the card's headline without its first word, which stands above it
	Card     notify.Message
	Facts    []fact
	Why      block
	Changes  []block // the plan; what was written; what an undo would change
	Forms    []form
	Note     string // beside the forms, or in their place
	Typed    string // a reason whose form is gone, so that it is not lost
	Outcome  block
	Answers  []answerRow
	Undos    []eventRow
	Timeline []eventRow
	Record   []fact
}

func (p *pages) viewOf(f finding.Finding, undos []finding.Finding) findingView {
	card := notify.Card(f, p.card())
	v := findingView{
		ID: notify.Clean(f.ID), Revision: f.Revision, State: string(f.State), Severity: severity(f), Card: card,
		Why: block{Title: "What is wrong", Lines: append([]string{card.Wrong}, card.Why...)}, Changes: changesOf(f, card), Note: card.Note,
		Outcome: outcomeOf(f), Record: recordOf(f),
	}
	_, v.Heading, _ = strings.Cut(card.Headline, " · ")
	for _, x := range card.Fields {
		v.Facts = append(v.Facts, fact{Name: x.Name, Value: x.Value, Exact: x.Exact, At: at(x.At)})
	}
	for _, a := range f.Answers {
		v.Answers = append(v.Answers, answerRow{momentOf(a.At), word(a), notify.Clean(a.Principal), notify.Clean(a.Via),
			notify.Clean(a.Digest[:min(8, len(a.Digest))]), notify.Clean(a.Reason)})
	}
	for _, u := range undos {
		v.Undos = append(v.Undos, eventRow{At: momentOf(u.CreatedAt), State: string(u.State), What: notify.Clean(u.Why), Link: notify.Clean(u.ID)})
	}
	for _, e := range f.Timeline {
		row := eventRow{At: momentOf(e.At), State: string(e.State), Who: notify.Clean(e.Who), What: notify.Clean(e.What)}
		if strings.Contains(row.What, row.Who) { // said already
			row.Who = ""
		}
		v.Timeline = append(v.Timeline, row)
	}
	return v
}

// at is the moment of a field that may have none.
func at(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	return momentOf(t)
}

// word is what a person answered, with its end.
func word(a finding.Answer) string {
	if a.Until.IsZero() {
		return string(a.Choice)
	}
	return string(a.Choice) + " until " + momentOf(a.Until).Text
}
