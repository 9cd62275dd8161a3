package before

import (
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Split tells what a change of an allow policy made from what it may only have left as it
// was, of the grants that are there after it. why says of the latter what is known of the
// oldest, in a sentence.
func (h Held) Split(c cloud.Change, live []cloud.Grant) (made, left []cloud.Grant, why string) {
	var oldest time.Time
	for _, g := range live {
		age, p := h.Grants.Before(g, c.Time)
		if c.Policy != nil && !c.Policy.Has(g) {
			age = Later
		}
		if h.takesAtItsWord(age) {
			made = append(made, g)
			continue
		}
		left = append(left, g)
		if why == "" || age == Older && (oldest.IsZero() || p.Since.Before(oldest)) {
			oldest, why = p.Since, whyLeft(c, age, p)
		}
	}
	return made, left, why
}

// InvokerLeft says why the change may not have been the one that turned the invoker check
// off; "" where it was.
func (h Held) InvokerLeft(c cloud.Change) string {
	age, p := h.Invoker.Before(InvokerOff, c.Time)
	if h.takesAtItsWord(age) {
		return ""
	}
	return whyLeft(c, age, p)
}

// takesAtItsWord reports whether who made the change is taken to have made the part. That
// is so of a change which is older than the first reading of its project, too: a process
// has to begin somewhere, and an installation is behind that moment within minutes. Where
// the project cannot be read, that moment does not come.
func (h Held) takesAtItsWord(age Age) bool {
	return age == Made || age == Unread && !h.unreadable
}

func whyLeft(c cloud.Change, age Age, p Part) string {
	who := c.Actor.Principal
	switch {
	case age == Older && p.By != "":
		return judge.Older(who, p.By, p.Since)
	case age == Older:
		return fmt.Sprintf("what violates is older: %s left it as it was; it was seen there at %s", who, p.Since.UTC().Format(time.RFC3339))
	case age == Later:
		return "what violates came after the change, whose entry does not show it: another entry names who made it"
	case age == Unknown, age == Unread:
		return fmt.Sprintf("what violates may be older than the change by %s: nothing that was read before shows how it was", who)
	}
	return ""
}
