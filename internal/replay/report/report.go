package report

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/rescind-dev/rescind/internal/replay"
)

// Options are how a report is written.
type Options struct {
	// Width is that of the terminal, in characters; 0 where no line need fit one, and
	// every name stands whole.
	Width int
	// Long has the table tell each finding in full.
	Long bool
	// Limits are what the reverts of an hour are held against.
	Limits Limits
	// Version is rescind's own, for whoever reads the report later.
	Version string
}

// Limits are how many automatic reverts an hour may have; 0 stands for no limit.
type Limits struct{ Total, PerPolicy, PerProject, PerActor int }

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
