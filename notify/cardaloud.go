package notify

import (
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// silence is what happens when nobody answers. It is never left to a default
// the reader does not know.
func silence(f finding.Finding, o Options) string {
	switch {
	case f.UndoOf != "":
		return "the revert stays and the undo ends"
	case f.ExpiresAt.IsZero():
		return "the change stays and the question stays open"
	case !f.PageAt.IsZero():
		first := "on-call is paged at " + Clock(f.PageAt) + "; then "
		f.PageAt = time.Time{}
		return first + silence(f, o)
	case o.OnExpiry == remediate.EscalateOnExpiry && f.EscalatedAt.IsZero() && o.Page:
		return "on-call is paged and it is asked once more, after which the change stays"
	case o.OnExpiry == remediate.EscalateOnExpiry && f.EscalatedAt.IsZero():
		return "it is asked once more, after which the change stays"
	case o.OnExpiry == remediate.RevertOnExpiry && silenceReverts(f):
		return "the change is reverted"
	}
	return "the change stays and the question ends"
}

// silenceReverts reports whether the finding is one that may be reverted though
// nobody said so: a certain violation that no guardrail spoke about.
func silenceReverts(f finding.Finding) bool {
	return f.Verdict == policies.Violation && !f.Guarded && f.Plan.Executable()
}

// aloud is the finding in sentences: all that a phone's notification and a
// screen reader get of it.
func aloud(f finding.Finding, o Options) string {
	parts := []string{status(f), found(f), sentence(severity(f) + " severity: " + who(f) + " " + verb(f.Change) + " " + where(f.Resource) + at(f))}
	if f.State == state.Pending {
		parts = append(parts, "If nobody answers, "+silence(f, o)+".")
	}
	for _, b := range buttons(f, o) {
		if b.Choice != "" {
			parts = append(parts, strings.TrimSuffix(b.Label, "…")+": "+b.Ask.Text)
		}
	}
	if n := note(f, o); n != "" {
		parts = append(parts, sentence(n))
	}
	if l := link(f, o); l != "" {
		parts = append(parts, "Record: "+l)
	}
	return strings.Join(parts, " ")
}

// found is what is wrong, or was: once it is decided, nobody is to take it for
// what is so now.
func found(f finding.Finding) string {
	if f.State.Ended() && f.State != state.Reported || f.UndoOf != "" {
		return "What was found: " + period(phrase(f))
	}
	return sentence(phrase(f))
}

func at(f finding.Finding) string {
	if f.Change.Time.IsZero() {
		return ""
	}
	return " at " + Clock(f.Change.Time)
}
