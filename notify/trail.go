package notify

import "github.com/rescind-dev/rescind/remediate"

// Trail is the timeline as lines to put under a card: when, what, by whom. The
// card says where a finding stands; its trail says how it came there.
func Trail(events []remediate.Event) []string {
	out := make([]string, 0, len(events))
	for _, e := range events {
		line := e.At.UTC().Format("15:04:05 UTC") + " " + string(e.State)
		if e.What != "" {
			line += ": " + e.What
		}
		if e.Who != "" {
			line += " (" + person(e.Who) + ")"
		}
		out = append(out, Clean(line))
	}
	return out
}
