package samples

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/policies"
)

// The form of JUnit's XML that CI systems have in common: a suite for each
// policy, a case for each sample, a failure inside of a case.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes the results, which are in the order of their policies.
func JUnit(w io.Writer, results []policies.TestResult) error {
	b := new(strings.Builder)
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(b)
	enc.Indent("", "  ")
	if err := enc.Encode(junitOf(results)); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func junitOf(results []policies.TestResult) junitReport {
	report := junitReport{Name: "rescind policy test"}
	for _, r := range results {
		policy, sample, _ := strings.Cut(r.Name, "/")
		if n := len(report.Suites); n == 0 || report.Suites[n-1].Name != policy {
			report.Suites = append(report.Suites, junitSuite{Name: policy})
		}
		suite := &report.Suites[len(report.Suites)-1]
		c := junitCase{Class: policy, Name: terminal.OneLine(sample), File: terminal.OneLine(r.File), Line: r.Line}
		if !r.OK {
			text := new(strings.Builder)
			printOne(text, r)
			c.Failure = &junitFailure{fmt.Sprintf("want %s, got %s", r.Want, r.Got), "verdict", text.String()}
			suite.Failures++
			report.Failures++
		}
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
		report.Tests++
	}
	return report
}
