package replay

import (
	"fmt"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay/records"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Summary accounts for everything a replay read: Records is the sum of
// Changes, Failed, Rehearsals, Irrelevant, Unreadable and the unknown methods.
type Summary struct {
	Inputs     int `json:"inputs"`
	Records    int `json:"records"`
	Changes    int `json:"changes"` // entries that are changes, or halves of one
	Duplicates int `json:"duplicates"`
	Failed     int `json:"failed"`
	Rehearsals int `json:"rehearsals"`
	Irrelevant int `json:"irrelevant"`
	// Passed counts, of the irrelevant, those that were not read in full, as they name no
	// service that a policy could be about. Sampled counts those that were read all the
	// same, and Missed those of them that a policy could be about after all: nothing of
	// such a run can be relied on.
	Passed  int `json:"passed"`
	Sampled int `json:"sampled"`
	Missed  int `json:"missed"`
	// Stopped says where the reading was stopped by whoever ran it; empty where it was not.
	Stopped string `json:"stopped,omitempty"`
	// Full says why every record was read in full; empty where that was not so.
	Full       string `json:"full,omitempty"`
	Unreadable int    `json:"unreadable"`
	// Outside counts changes before --since or from --until on.
	Outside int `json:"outside"`
	// Undated counts changes without any time, where there are such bounds: they are
	// judged, since they may be within.
	Undated int `json:"undated"`
	// WithoutDelta counts writes of a project's, folder's or organization's
	// policy whose entries do not say what they added: nothing is claimed of
	// them from the log alone.
	WithoutDelta   int            `json:"without_delta"`
	UnknownMethods map[string]int `json:"unknown_methods"`
	// Forms counts the entries that were taken out of something, by what that was.
	Forms map[string]int `json:"forms"`
	// First and Last are when the first and the last record is of; zero where none has a
	// time. EmptyDays are the first of the days between them without any record, and
	// WithoutEntry how many there are.
	First        time.Time `json:"first,omitzero"`
	Last         time.Time `json:"last,omitzero"`
	EmptyDays    []string  `json:"empty_days"`
	WithoutEntry int       `json:"days_without_entry"`
	// Gaps are those days, where EmptyDays are the first, of a century at the most: for the
	// reports. There are more where WithoutEntry is more.
	Gaps []time.Time `json:"-"`
	// NoTime counts changes that have no time at all, and Timeless has the first of them.
	NoTime   int       `json:"no_time"`
	Timeless []Problem `json:"timeless"`

	Learned Learned `json:"learned"`
	Found   Found   `json:"found"`

	// Located are the first of the unreadable records.
	Located []Problem `json:"located"`
	// Refused are inputs that could not be read to their ends.
	Refused []Problem `json:"refused"`
	// Skipped are files of a directory that are not named like logs.
	Skipped []string `json:"skipped"`
}

// Learned counts the facts that the history itself gave.
type Learned struct {
	Identities  int `json:"runtime_identities"`
	Projects    int `json:"project_numbers"`
	Constraints int `json:"constraint_changes"`
}

// Found counts the findings.
type Found struct {
	Total     int                      `json:"total"`
	Policies  map[string]int           `json:"policies"`
	Verdicts  map[policies.Verdict]int `json:"verdicts"`
	Decisions map[judge.Decision]int   `json:"decisions"`
	// PeakReverts is the most reverts in one clock hour, and PeakHour when:
	// what guardrails.max_reverts has to allow for.
	PeakReverts int       `json:"peak_reverts"`
	PeakHour    time.Time `json:"peak_hour,omitzero"`
}

// Problem is something that could not be read, and where.
type Problem struct {
	Input  string `json:"input"`
	Line   int    `json:"line,omitempty"` // of its first byte, from 1; 0 for the whole input
	Reason string `json:"reason"`
}

// String is the place, a colon and the reason.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Input, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", p.Input, p.Line, p.Reason)
}

// mostGaps bounds how many days without an entry are kept: one entry of the year 2 would
// have there be a million.
const mostGaps = 36_525

// mostLocated bounds how many unreadable records are listed one by one.
const mostLocated = 10

func newSummary(in Inputs) *Summary {
	return &Summary{
		UnknownMethods: map[string]int{},
		Forms:          map[string]int{},
		EmptyDays:      []string{},
		Timeless:       []Problem{},
		Located:        []Problem{},
		Refused:        append([]Problem{}, in.Refused...),
		Skipped:        append([]string{}, in.Skipped...),
		Found: Found{
			Policies:  map[string]int{},
			Verdicts:  map[policies.Verdict]int{},
			Decisions: map[judge.Decision]int{},
		},
	}
}

func (s *Summary) unreadable(input string, line int, err error) {
	s.Unreadable++
	if len(s.Located) < mostLocated {
		why := strings.TrimPrefix(err.Error(), auditlog.ErrUnreadable.Error()+": ")
		s.Located = append(s.Located, Problem{input, line, why})
	}
}

// missed notes a record that would have been passed over, and matters.
func (s *Summary) missed(input string, line int) {
	if s.Missed++; s.Missed == 1 {
		s.Refused = append(s.Refused, Problem{input, line, "this record matters and names no service that tells so, and others like it were passed over: " +
			"run it with --full, and report this as a defect of rescind"})
	}
}

// untimed notes a change without any time.
func (s *Summary) untimed(input string, line int) {
	if s.NoTime++; len(s.Timeless) < mostLocated {
		s.Timeless = append(s.Timeless, Problem{input, line, "the entry has no time: it is judged as the history ends"})
	}
}

// span notes when the records are of.
func (s *Summary) span(of records.Days) {
	s.First, s.Last = of.First, of.Last
	s.Gaps, s.WithoutEntry = of.Empty(mostGaps)
	for _, d := range s.Gaps[:min(len(s.Gaps), mostLocated)] {
		s.EmptyDays = append(s.EmptyDays, d.Format(time.DateOnly))
	}
}

// ReadNothing reports whether there was no record at all that could be read.
func (s *Summary) ReadNothing() bool { return s.Records == s.Unreadable }

func (s *Summary) learned(changes []cloud.Change, l *learned, h *history) {
	s.Learned.Identities = len(l.identities)
	s.Learned.Projects = len(h.numbers.with(nil).numbers)
	for _, c := range changes {
		if c.Constraint != nil {
			s.Learned.Constraints++
		}
	}
}

func (s *Summary) found(findings []Finding) {
	s.Found.Total = len(findings)
	reverts := map[time.Time]int{}
	for _, f := range findings {
		s.Found.Policies[f.Policy]++
		s.Found.Verdicts[f.Verdict]++
		s.Found.Decisions[f.Decision]++
		if f.Decision != judge.Revert {
			continue
		}
		hour := f.Time.Truncate(time.Hour)
		reverts[hour]++
		if reverts[hour] > s.Found.PeakReverts {
			s.Found.PeakReverts, s.Found.PeakHour = reverts[hour], hour
		}
	}
}
