package replay

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteText writes the summary for a person.
func (s Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	s.counts(&b)
	s.results(&b)
	s.problems(&b)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write summary: %w", err)
	}
	return nil
}

// Nothing says that there is no result at all.
func (s Summary) Nothing() string {
	return fmt.Sprintf("nothing could be read: %s, %s, none of them a log entry", Many(s.Inputs, "input"), Many(s.Records, "record"))
}

// Scope is what the result is about.
func (s Summary) Scope() string {
	text := fmt.Sprintf("%s, %s, %s, %s", Many(s.Inputs, "input"), Many(s.Records, "record"), Many(s.Changes, "change"), s.period())
	if s.Unreadable > 0 {
		text += fmt.Sprintf("; %s could NOT be read", Many(s.Unreadable, "record"))
	}
	if len(s.Refused) > 0 {
		text += fmt.Sprintf("; %s NOT read to the end", Many(len(s.Refused), "input"))
	}
	return text
}

// period is the time that the records are of, with the days of which there is none.
func (s Summary) period() string {
	if s.First.IsZero() {
		return "none of which has a time"
	}
	text := fmt.Sprintf("of %s to %s", s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339))
	if s.WithoutEntry > 0 {
		more := ""
		if s.WithoutEntry > len(s.EmptyDays) {
			more = ", …"
		}
		text += fmt.Sprintf(", and none of %s in between (%s%s)", Many(s.WithoutEntry, "day"), strings.Join(s.EmptyDays, ", "), more)
	}
	return text
}

func (s Summary) counts(b *strings.Builder) {
	unknown := 0
	for _, n := range s.UnknownMethods {
		unknown += n
	}
	parts := []string{Many(s.Changes, "change"), fmt.Sprintf("%d irrelevant", s.Irrelevant)}
	for _, c := range []struct {
		n    int
		what string
	}{{s.Failed, "failed call"}, {s.Rehearsals, "rehearsal"}, {unknown, "unknown method"}, {s.Unreadable, "unreadable record"}} {
		if c.n > 0 {
			parts = append(parts, Many(c.n, c.what))
		}
	}
	fmt.Fprintf(b, "%s, %s: %s\n", Many(s.Inputs, "input"), Many(s.Records, "record"), strings.Join(parts, ", "))
	if s.ReadNothing() {
		fmt.Fprintf(b, "%s\n", s.Nothing())
	} else {
		fmt.Fprintf(b, "records %s\n", s.period())
	}
	for _, form := range slices.Sorted(maps.Keys(s.Forms)) {
		fmt.Fprintf(b, "%s taken out of %s\n", Many(s.Forms[form], "record"), form)
	}
	if s.Passed > 0 {
		fmt.Fprintf(b, "%d of the irrelevant were passed over, as they name no service that a policy could be about; %s read in full all the same (--full reads all)\n",
			s.Passed, areOf(s.Sampled, "was", "were"))
	}
	if s.Stopped != "" {
		fmt.Fprintf(b, "STOPPED, so that this is about a part: %s\n", OneLine(s.Stopped))
		if !s.Last.IsZero() {
			fmt.Fprintf(b, "to go on, run it again with --since %s: all is read again, and judged from there on\n", s.Last.Format(time.RFC3339))
		}
	}
	if s.Full != "" {
		fmt.Fprintf(b, "every record was read in full: %s\n", s.Full)
	}
	if s.Duplicates > 0 {
		fmt.Fprintf(b, "%s read before, counted once\n", Many(s.Duplicates, "change"))
	}
	if s.Outside > 0 {
		fmt.Fprintf(b, "%s outside of the time asked for\n", Many(s.Outside, "change"))
	}
	if s.Undated > 0 {
		fmt.Fprintf(b, "%s without any time, judged as the history ends: whether within the time asked for is not known\n", Many(s.Undated, "change"))
	}
	if s.WithoutDelta > 0 {
		fmt.Fprintf(b, "%s of an allow policy without a delta: what they added, only live state could tell\n", Many(s.WithoutDelta, "change"))
	}
	fmt.Fprintf(b, "learned: %s, %s, %s\n", Many(s.Learned.Identities, "runtime identity"),
		Many(s.Learned.Projects, "project number"), Many(s.Learned.Constraints, "constraint change"))
}

func (s Summary) results(b *strings.Builder) {
	fmt.Fprintf(b, "%s\n", Many(s.Found.Total, "finding"))
	if s.Found.Total == 0 {
		return
	}
	fmt.Fprintf(b, "  by policy: %s\n", tally(s.Found.Policies))
	fmt.Fprintf(b, "  by verdict: %s\n", tally(s.Found.Verdicts))
	fmt.Fprintf(b, "  by decision: %s\n", tally(s.Found.Decisions))
	if s.Found.PeakReverts > 0 {
		fmt.Fprintf(b, "  most reverts in one hour: %d, from %s\n", s.Found.PeakReverts, s.Found.PeakHour.Format(time.RFC3339))
	}
}

func (s Summary) problems(b *strings.Builder) {
	if len(s.UnknownMethods) > 0 {
		fmt.Fprintf(b, "unknown methods, not judged: %s\n", tally(s.UnknownMethods))
	}
	if s.Unreadable > 0 {
		fmt.Fprintf(b, "%s:\n", Many(s.Unreadable, "unreadable record"))
		list(b, s.Located)
	}
	if more := s.Unreadable - len(s.Located); more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
	if s.NoTime > 0 {
		fmt.Fprintf(b, "%s without any time:\n", Many(s.NoTime, "change"))
		list(b, s.Timeless)
	}
	if len(s.Skipped) > 0 {
		fmt.Fprintf(b, "%s not named like logs, skipped: %s\n", Many(len(s.Skipped), "file"), OneLine(some(s.Skipped)))
	}
	if len(s.Refused) > 0 {
		fmt.Fprintf(b, "%s NOT read to the end:\n", Many(len(s.Refused), "input"))
		list(b, s.Refused)
	}
}

func list(b *strings.Builder, ps []Problem) {
	for _, p := range ps {
		fmt.Fprintf(b, "  %s\n", OneLine(p.String()))
	}
}

// tally lists what was counted by name: "no-public-invoker 2, other 1".
func tally[K ~string](m map[K]int) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%s %d", OneLine(string(k)), m[k]))
	}
	return strings.Join(parts, ", ")
}

// some lists the first few names.
func some(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

func areOf(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d more %s", n, more)
}

// Many is a number of things, in English: "1 finding", "2 findings", "3 identities".
func Many(n int, what string) string {
	if stem, ok := strings.CutSuffix(what, "y"); ok && n != 1 && what != "day" {
		return fmt.Sprintf("%d %sies", n, stem)
	}
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
