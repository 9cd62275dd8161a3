// Package report writes what a replay found, for people and for programs, so that
// whoever owns a policy can decide on it: how often, whose, when, and was it right.
//
// What it promises: nothing that strangers wrote into a log steers a terminal, a
// spreadsheet or a browser; that there are no findings is never said without what was
// read; and one report has the same bytes each time.
//
//   - overview.go counts, table.go is the table for a terminal, csv.go and sarif.go are for
//     programs
//   - html.go is the page: chart.go draws, data.go writes the findings for page.js, which
//     shows of many rows those that are to be seen; page.html and page.css are the rest
//   - compare.go is what differs in the same history under other policies
package report

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rescind-dev/rescind/internal/replay"
)

// writers are the forms that a report has.
func writers() map[string]func(io.Writer, replay.Report, Options) error {
	return map[string]func(io.Writer, replay.Report, Options) error{
		"table": writeTable,
		"jsonl": func(w io.Writer, r replay.Report, _ Options) error { return replay.WriteJSONL(w, r) },
		"csv":   func(w io.Writer, r replay.Report, _ Options) error { return writeCSV(w, r) },
		"sarif": writeSARIF,
		"html":  writeHTML,
	}
}

// Formats are the names of the forms, in order.
func Formats() []string { return slices.Sorted(maps.Keys(writers())) }

// Write writes the report in the form of that name. Its error is that of w, or says that
// there is no such form.
func Write(w io.Writer, format string, r replay.Report, o Options) error {
	write, ok := writers()[format]
	if !ok {
		return fmt.Errorf("no report has the form %q", format)
	}
	return write(w, r, o)
}
