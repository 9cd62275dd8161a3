package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
)

// columns are those of a table for spreadsheets. They do not change; what may come stands
// behind them.
var columns = []string{
	"policy", "verdict", "severity", "resource", "project", "actor", "time", "insert_id", "method", "enforcement", "decision",
	"reasons", "plan", "tool", "ended_by", "ended_time", "ended_after_seconds", "ended_insert_id", "problem",
}

// writeCSV writes a row for each finding, below the names of the columns. Where nothing
// could be read one row has that as its problem.
func writeCSV(w io.Writer, r replay.Report) error {
	out := csv.NewWriter(w) // its error is that of Flush
	_ = out.Write(columns)
	if len(r.Findings) == 0 && r.Summary.ReadNothing() {
		_ = out.Write(unread(r))
	}
	for i := range r.Findings {
		row, err := rowOf(&r.Findings[i])
		if err != nil {
			return fmt.Errorf("write finding: %w", err)
		}
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// unread is the row of a report of which nothing could be read.
func unread(r replay.Report) []string {
	row := make([]string, len(columns))
	row[len(row)-1] = cell(r.Summary.Nothing())
	return row
}

func rowOf(f *replay.Finding) ([]string, error) {
	plan, err := json.Marshal(f.Plan)
	if err != nil {
		return nil, err
	}
	row := []string{
		f.Policy, string(f.Verdict), string(f.Severity), f.Resource.String(), f.Project, f.Actor, f.Time.Format(time.RFC3339Nano), f.InsertID,
		f.Method, string(f.Enforcement), string(f.Decision), strings.Join(f.Reasons, " | "), string(plan), string(f.Tool), "", "", "", "", "",
	}
	if e := f.Ended; e != nil {
		copy(row[14:], []string{e.By, e.Time.Format(time.RFC3339Nano), strconv.FormatInt(e.After, 10), e.InsertID})
	}
	for i := range row {
		row[i] = cell(row[i])
	}
	return row, nil
}

// cell is text that neither steers a terminal nor is a formula to a spreadsheet, which
// would run what a stranger named their service.
func cell(s string) string {
	s = replay.OneLine(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}
