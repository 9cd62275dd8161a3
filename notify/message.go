package notify

import (
	"strings"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Message is one finding as a card: all that a person needs to decide, or to
// know how it was decided. Every string is plain text on one line.
type Message struct {
	Finding  string // id
	Revision int64  // of the record this shows
	Drawing  int64  // which drawing of a group this is; its revision names the list alone
	Digest   string // the first 8 digits of the plan's digest; finding.NoPlan without a plan
	Severity policies.Severity
	State    state.State

	Headline string   // "HIGH · anyone on the internet can invoke service api · pay-prod"
	Wrong    string   // what is wrong, of which the headline may have the beginning only; empty for a group
	Status   string   // one or two sentences: where the finding stands
	Text     string   // the whole of it in sentences, for phones and screen readers
	Fields   []Field  // short facts, in the order they are read
	Why      []string // why rescind says so
	Plan     string   // what the diff is: "Revert will change (plan 7f3a9c21)"
	Diff     []string // what a revert changes: "- " goes, "+ " comes
	Fix      []string // shell lines that end it for good, and what to change in Terraform
	Note     string   // a caution that belongs beside the buttons; may be empty
	Buttons  []Button // what people can do about it now
	Link     string   // the finding's page; empty where there is none
}

// Field is one labelled fact.
type Field struct {
	Name  string
	Value string
	// Exact marks an identifier, to be shown letter by letter.
	Exact bool
	// At is set where the fact is a moment. Clock then writes it in UTC; a
	// service that knows the reader's time zone may add that.
	At time.Time
}

// Button is one thing a person may do, labelled by its effect.
type Button struct {
	Choice finding.Choice // what it answers; empty for one that decides nothing
	All    bool           // answers for every pending finding of a group
	Page   bool           // has whoever is on call told
	Link   string         // leads to the finding's page

	Label  string
	Spoken string // the label for a screen reader, complete without the card
	Danger bool
	Digest string // as of Message, of the plan that the answer is about
	Form   bool   // asks for more than a yes: see FormOf
	Ask    Confirm
}

// Confirm is the question put between a click and its effect.
type Confirm struct{ Title, Text, Yes, No string }

// String is the card as plain text, for terminals and golden files.
func (m Message) String() string {
	var b strings.Builder
	b.WriteString(m.Headline + "\n" + m.Status + "\n")
	for _, f := range m.Fields {
		b.WriteString("  " + f.Name + ": " + f.String() + "\n")
	}
	list(&b, "Why", m.Why)
	list(&b, m.Plan, m.Diff)
	list(&b, "Permanent fix", m.Fix)
	if m.Note != "" {
		b.WriteString("Note: " + m.Note + "\n")
	}
	for _, button := range m.Buttons {
		b.WriteString(strings.TrimSpace("["+button.Label+"] "+button.Ask.Text+button.Link) + "\n")
	}
	b.WriteString("Aloud: " + m.Text + "\n")
	return b.String()
}

func list(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString(title + ":\n")
	for _, l := range lines {
		b.WriteString("  " + l + "\n")
	}
}

// String is the fact in UTC.
func (f Field) String() string {
	switch {
	case f.At.IsZero():
		return f.Value
	case f.Value == "":
		return Clock(f.At)
	}
	return Clock(f.At) + ": " + f.Value
}
