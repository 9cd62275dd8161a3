package before

import (
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
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
		if age == Made {
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
	return whyLeft(c, age, p)
}

func whyLeft(c cloud.Change, age Age, p Part) string {
	who, since := c.Actor.Principal, p.Since.UTC().Format(time.RFC3339)
	switch {
	case age == Older && p.By != "":
		return fmt.Sprintf("what violates is older: %s left it as it was; %s made it at %s", who, p.By, since)
	case age == Older:
		return fmt.Sprintf("what violates is older: %s left it as it was; it was seen there at %s", who, since)
	case age == Later:
		return "what violates came after the change, whose entry does not show it: another entry names who made it"
	case age == Unknown:
		return fmt.Sprintf("what violates may be older than the change by %s: nothing that was read before shows how it was", who)
	}
	return ""
}
