// Package samples writes what came of the policies' own samples: for a person, and as
// JUnit XML for CI systems.
//
// It promises that a sample that failed is never left out, and that what a policy file
// wrote reaches a terminal without control characters.
package samples

import (
	"fmt"
	"io"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/policies"
)

// Print prints those of the files first, and those of the built-in policies in
// one line if brief: whoever wrote a file looks for its own. It returns how many failed.
func Print(w io.Writer, results []policies.TestResult, brief bool) (failed int) {
	builtIn := 0
	for _, own := range []bool{true, false} {
		for _, r := range results {
			if r.BuiltIn == own {
				continue
			}
			if r.OK && r.BuiltIn && brief {
				builtIn++
				continue
			}
			printOne(w, r)
			if !r.OK {
				failed++
			}
		}
	}
	if builtIn > 0 {
		fmt.Fprintf(w, "ok    %d samples of the built-in policies\n", builtIn)
	}
	return failed
}

func printOne(w io.Writer, r policies.TestResult) {
	if r.OK {
		fmt.Fprintf(w, "ok    %s\n", terminal.OneLine(r.Name))
		return
	}
	fmt.Fprintf(w, "FAIL  %s\n", terminal.OneLine(r.Name))
	fmt.Fprintf(w, "      %s:%d\n      - want %s\n      + got  %s\n", terminal.OneLine(r.File), r.Line, r.Want, r.Got)
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "        %s\n", terminal.OneLine(reason))
	}
}
