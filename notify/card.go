package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/remediate"
)

// Options is what a card says beyond its finding.
type Options struct {
	// BaseURL is where findings have a page, "https://rescind.example.com";
	// empty for no link.
	BaseURL string
	// OnExpiry is what happens when nobody answers; the zero value leaves
	// the change.
	OnExpiry remediate.Expiry
	// Now is when the card is drawn: a question and an undo are there for a time.
	// With the zero value nothing can be undone, and no question is over.
	Now time.Time
	// Page is set where there is somebody on call to page.
	Page bool
	// Needs says who it takes to answer; nil to leave it out. It has to say the
	// same of the same finding each time.
	Needs func(finding.Finding) string
	// StepsUp reports whether the finding is answered on its page alone, beside
	// those of which their policy says so; nil for none. It is as Needs.
	StepsUp func(finding.Finding) bool
}

// Card says what people are told of the finding. It is pure: the same finding
// and options give the same card, so a card can be drawn again at any time.
func Card(f finding.Finding, o Options) Message {
	m := Message{
		Finding: f.ID, Revision: f.Revision, Digest: digest8(f.Plan),
		Severity: f.Severity, State: f.State,
		Headline: headline(f),
		Wrong:    phrase(f),
		Status:   status(f),
		Fields:   fields(f, o),
		Why:      why(f),
		Plan:     plan(f),
		Diff:     diff(f.Plan),
		Fix:      fix(f),
		Note:     note(f, o),
		Buttons:  buttons(f, o),
		Link:     link(f, o),
	}
	m.Text = aloud(f, o)
	m.clean()
	return m
}

func digest8(p judge.Plan) string {
	if len(p.Digest) < 8 {
		return finding.NoPlan
	}
	return p.Digest[:8]
}

func link(f finding.Finding, o Options) string {
	if o.BaseURL == "" {
		return ""
	}
	return strings.TrimSuffix(o.BaseURL, "/") + "/findings/" + f.ID
}

// headline leads with the severity while that is the news (a question, a
// report), and with the state once there is one to tell. An undo that waits
// would else read as the question whether to revert.
func headline(f finding.Finding) string {
	first := severity(f)
	if f.State != state.Pending && f.State != state.Reported || f.UndoOf != "" {
		first = string(f.State)
	}
	if f.UndoOf != "" && f.State != state.Undone {
		first = "undo " + first
	}
	place := f.Resource.Project
	if place == "" {
		place = f.Resource.Path()
	}
	parts := []string{strings.ToUpper(first), short(phrase(f), maxHeadline), place}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

func fields(f finding.Finding, o Options) []Field {
	fs := []Field{
		{Name: "Who", Value: who(f), Exact: true},
		{Name: "What", Value: did(f.Change)},
		{Name: "Where", Value: where(f.Resource)},
		{Name: "When", At: f.Change.Time},
		{Name: "Policy", Value: f.Policy, Exact: true},
	}
	if f.Change.Time.IsZero() {
		fs[3].Value = "unknown"
	}
	if f.State == state.Pending && o.Needs != nil {
		fs = append(fs, Field{Name: "Needs", Value: o.Needs(f)})
	}
	if f.State == state.Pending {
		fs = append(fs, Field{Name: "If nobody answers", Value: silence(f, o), At: f.ExpiresAt})
	}
	return fs
}

// why is the reasons, each once, without the one that says what is wrong.
func why(f finding.Finding) []string {
	var out []string
	for _, r := range f.Reasons {
		if r = plain(f, r); r != plain(f, wrong(f)) && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

func note(f finding.Finding, o Options) string {
	said := caution(f, o)
	switch {
	case !o.onPageAlone(f) || f.State != state.Pending && !undoable(f, o.Now):
		return said
	case said != "":
		said = period(said) + " "
	}
	return said + "It is answered on its page alone, where you log in again"
}

func caution(f finding.Finding, o Options) string {
	switch {
	case undoable(f, o.Now):
		return "It can be undone until " + Clock(f.EndedAt.Add(undoFor))
	case f.Plan.Missing == "" || f.State.Ended() && f.State != state.Reported:
		return ""
	case f.Plan.Empty():
		return "rescind has nothing to revert here: " + f.Plan.Missing
	}
	return "rescind cannot revert this by itself: " + f.Plan.Missing
}
