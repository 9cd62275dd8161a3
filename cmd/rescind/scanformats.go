package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func writeScanTable(w io.Writer, found []scanFinding) error {
	if len(found) == 0 {
		_, err := io.WriteString(w, "No findings.\n")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCAN\tID\tSTATE\tSEVERITY\tVERDICT\tPOLICY\tRESOURCE\tMESSAGE")
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.word(), f.ID, f.State, f.Severity, f.Verdict,
			oneLine(f.Policy), oneLine(f.Resource.Path()), oneLine(f.Message))
	}
	return table.Flush()
}

func (f scanFinding) word() string {
	if f.raised {
		return "new"
	}
	return "known"
}

// scanLine is the object that replay writes, and what only a stored finding has.
type scanLine struct {
	replay.Finding
	ID    string      `json:"finding"`
	State state.State `json:"state"`
	Scan  string      `json:"scan"` // "new" or "known"
}

func writeScanLines(w io.Writer, found []scanFinding) error {
	for _, f := range found {
		b := new(strings.Builder)
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(scanLine{replayed(f.Finding), f.ID, f.State, f.word()}); err != nil {
			return fmt.Errorf("write finding %s: %w", f.ID, err)
		}
		if _, err := io.WriteString(w, printable(b.String())); err != nil {
			return fmt.Errorf("write finding %s: %w", f.ID, err)
		}
	}
	return nil
}

// replayed is a stored finding in the words of replay. What replay joins in one
// list of reasons, a finding keeps apart.
func replayed(f finding.Finding) replay.Finding {
	out := replay.Finding{
		Policy: f.Policy, Verdict: f.Verdict, Severity: f.Severity, Resource: f.Resource, Project: f.Resource.Project,
		Actor: f.Change.Actor.Principal, Time: f.Change.Time.UTC(), InsertID: f.Change.InsertID, Method: f.Change.Method,
		Enforcement: f.Enforcement, Decision: f.Decision, Reasons: append([]string{f.Message}, f.Reasons...), Plan: []replay.Step{},
	}
	for _, s := range f.Plan.Steps {
		out.Plan = append(out.Plan, replay.Step{Step: s.Kind, Before: s.Before, After: s.After})
	}
	return out
}
