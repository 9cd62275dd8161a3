package notify

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Trail is the timeline as lines to put under a card: when, what, by whom. The
// card says where a finding stands; its trail says how it came there.
func Trail(events []trail.Event) []string {
	out := make([]string, 0, len(events))
	for _, e := range events {
		line := e.At.UTC().Format("15:04:05 UTC") + " " + string(e.State)
		if e.What != "" {
			line += ": " + e.What
		}
		if e.Who != "" && !strings.Contains(e.What, person(e.Who)) {
			line += " (" + person(e.Who) + ")"
		}
		out = append(out, Clean(line))
	}
	return out
}

// TrailSays is whether the timeline is as it was written, in a sentence.
func TrailSays(f finding.Finding) string {
	switch err := f.VerifyTrail(); {
	case err != nil:
		return Clean("BROKEN: " + err.Error())
	case f.Timeline.Head() == "":
		return "not chained: it was written by a rescind that did not do so yet"
	}
	events := fmt.Sprintf("%d events", len(f.Timeline))
	if len(f.Timeline) == 1 {
		events = "1 event"
	}
	return events + ", verified; the hash of the last is " + Clean(f.Timeline.Head())
}
