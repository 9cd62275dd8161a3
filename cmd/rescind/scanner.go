package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/remediate/scan"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/progress"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// scanner gathers what a scan comes to, and tells how far it is.
type scanner struct {
	progress  *progress.Line
	found     []scanFinding
	failures  int
	projects  int
	workloads int // of the project that it is in
	before    int // findings there were when it came to that project
}

// scanFinding is a finding and whether this scan raised it.
type scanFinding struct {
	finding.Finding
	raised bool
}

// named are the projects that are in scope. Outside it nothing is even looked at.
func (s *scanner) named(ctx context.Context, a *process.App, projects []string) (tops []cloud.Resource) {
	for _, p := range projects {
		at := cloud.ProjectResource(p)
		if !a.MayBeInScope(ctx, at) {
			s.failed(fmt.Errorf("scan %s: it is out of scope", at))
			continue
		}
		tops = append(tops, at)
	}
	return tops
}

func (s *scanner) resumed(r scan.Round) {
	s.progress.Done("going on where the scan of %s stopped: %s; `rescind findings list` has what it found",
		r.Began.UTC().Format(time.RFC3339), r)
}

func (s *scanner) visit(v scan.Visit) {
	s.failed(v.Err)
	for _, f := range v.Outcome.Findings {
		s.found = append(s.found, scanFinding{f, true})
	}
	for _, f := range v.Outcome.Known {
		s.found = append(s.found, scanFinding{f, false})
	}
	switch {
	case v.Resource.Kind.Workload():
		s.workloads++
		s.progress.Now("%d projects scanned; %s", s.projects, v.Resource.Path())
	case v.Resource.Kind == cloud.Project && v.List == "":
		s.projects++
		s.progress.Done("%s: %d workloads, %d findings", v.Resource.Path(), s.workloads, len(s.found)-s.before)
		s.workloads, s.before = 0, len(s.found)
	}
}

func (s *scanner) failed(err error) {
	if err != nil {
		s.failures++
		s.progress.Failed(err)
	}
}

// scanFormats are the forms findings are written in.
func scanFormats() map[string]func(io.Writer, []scanFinding, scan.Round) error {
	return map[string]func(io.Writer, []scanFinding, scan.Round) error{"table": writeScanTable, "jsonl": writeScanLines}
}

// scanSays is what there is to say where nothing was found: never that alone, without
// what was looked at.
func scanSays(of scan.Round) string {
	if of.Scanned == 0 {
		return "nothing could be read: no resource in scope was scanned"
	}
	return fmt.Sprintf("No findings in %d resources that were scanned; %d parts could not be read", of.Scanned, of.Failed)
}

func writeScanTable(w io.Writer, found []scanFinding, of scan.Round) error {
	if len(found) == 0 {
		_, err := fmt.Fprintln(w, scanSays(of))
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SCAN\tID\tSTATE\tSEVERITY\tVERDICT\tPOLICY\tRESOURCE\tMESSAGE")
	for _, f := range found {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.word(), f.ID, f.State, f.Severity, f.Verdict,
			terminal.OneLine(f.Policy), terminal.OneLine(f.Resource.Path()), terminal.OneLine(f.Message))
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

func writeScanLines(w io.Writer, found []scanFinding, of scan.Round) error {
	if len(found) == 0 && of.Scanned == 0 {
		return json.NewEncoder(w).Encode(map[string]string{"problem": scanSays(of)})
	}
	for _, f := range found {
		b := new(strings.Builder)
		enc := json.NewEncoder(b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(scanLine{replayed(f.Finding), f.ID, f.State, f.word()}); err != nil {
			return fmt.Errorf("write finding %s: %w", f.ID, err)
		}
		if _, err := io.WriteString(w, terminal.Printable(b.String())); err != nil {
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
