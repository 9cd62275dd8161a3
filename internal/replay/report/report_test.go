package report

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/judge"
)

func TestFortyFindingsFitAScreenOfEightyByFifty(t *testing.T) {
	r := invented(40)
	for i := range r.Findings[:6] {
		r.Findings[i].Actor += strings.Repeat("-of-a-long-name", 5)
		r.Findings[i].Resource.Name += strings.Repeat("-of-a-long-name", 5)
		r.Findings[i].Project += strings.Repeat("-long", 20)
	}
	text := writtenAs(t, "table", r, Options{Width: 80, Limits: limits})
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > 50 {
		t.Errorf("%d lines:\n%s", len(lines), text)
	}
	for _, l := range lines {
		if n := len([]rune(l)); n > 80 {
			t.Errorf("%d characters: %s", n, l)
		}
	}
	if !strings.HasPrefix(text, "40 findings: ") {
		t.Errorf("the summary is not first:\n%s", text)
	}
}

// Each line fits, however narrow the terminal is, and each finding has one.
func TestTheTableFitsATerminalOfAnyWidth(t *testing.T) {
	r := invented(30)
	for width := 20; width < 260; width++ {
		rows := 0
		for line := range strings.Lines(writtenAs(t, "table", r, Options{Width: width, Limits: limits})) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > width {
				t.Fatalf("%d characters in %d: %q", n, width, line)
			}
			if strings.Contains(line, ":") && strings.ContainsAny(line[:1], "0123456789") {
				rows++
			}
		}
		if rows != 31 { // the first line of the summary is one
			t.Fatalf("%d rows at width %d, want 30", rows, width)
		}
	}
}

// Where no terminal has to be fitted each line has its names whole, for grep.
func TestWithoutATerminalNoNameIsCut(t *testing.T) {
	r := invented(5)
	r.Findings[2].Resource.Name = strings.Repeat("a-very-long-name-", 20)
	text := writtenAs(t, "table", r, Options{Limits: limits})
	for _, f := range r.Findings {
		if !strings.Contains(text, f.Resource.String()) || !strings.Contains(text, f.Actor) {
			t.Errorf("no line has %s by %s whole:\n%s", f.Resource, f.Actor, text)
		}
	}
}

func TestTheSummaryHoldsTheWorstHourAgainstEachLimit(t *testing.T) {
	r := invented(15)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Decision, f.Policy = judge.Revert, "no-public-invoker"
		f.Time = r.Findings[0].Time.Truncate(time.Hour).Add(time.Duration(i) * time.Minute)
		f.Project, f.Actor = "pay", "user:a@example.com"
	}
	r.Findings[0].Project, r.Findings[14].Time = "web", r.Findings[0].Time.Add(2*time.Hour)
	text := writtenAs(t, "table", r, Options{Limits: limits})
	if want := "hour     14 reverts of 50 from 2026-08-30 00:00, policy 14 of 20, project 13 of 10 OVER, actor 14 of 10 OVER\n"; !strings.Contains(text, want) {
		t.Errorf("want %q in\n%s", want, text)
	}
}

// One report has the same bytes each time, whatever order a map is read in.
func TestAReportHasTheSameBytesEachTime(t *testing.T) {
	r := invented(300)
	for _, format := range Formats() {
		first := writtenAs(t, format, r, Options{Limits: limits})
		for range 5 {
			if writtenAs(t, format, r, Options{Limits: limits}) != first {
				t.Fatalf("%s differs from one time to the next", format)
			}
		}
	}
}

// What strangers wrote steers neither a terminal nor a spreadsheet.
func TestNothingThatStrangersWroteIsObeyed(t *testing.T) {
	for _, format := range Formats() {
		for _, o := range []Options{{Limits: limits}, {Width: 80, Limits: limits}, {Long: true, Limits: limits}} {
			text := writtenAs(t, format, strange(), o)
			if i := strings.IndexFunc(text, func(c rune) bool {
				return c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == 0x2028)
			}); i >= 0 {
				t.Errorf("%s lets %q through", format, text[i:i+4])
			}
		}
	}
	rows, err := csv.NewReader(strings.NewReader(writtenAs(t, "csv", strange(), Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		if slices.ContainsFunc(row, func(cell string) bool { return strings.HasPrefix(cell, "=") }) {
			t.Errorf("a cell is a formula: %q", row)
		}
	}
}

func TestTheColumnsOfCSVAreThoseOfTheDocumentation(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(writtenAs(t, "csv", invented(7), Options{}))).ReadAll()
	if err != nil || len(rows) != 8 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := strings.Join(rows[0], ","); got != "policy,verdict,severity,resource,project,actor,time,insert_id,method,enforcement,decision,reasons,plan,tool,ended_by,ended_time,ended_after_seconds,ended_insert_id,problem" {
		t.Errorf("the columns are %s", got)
	}
}

// No form says that there is nothing where nothing could be read.
func TestNoFormTakesWhatCouldNotBeReadForNoFindings(t *testing.T) {
	r := replay.Report{Summary: replay.Summary{Inputs: 1, Records: 1, Unreadable: 1}}
	for _, format := range Formats() {
		if text := writtenAs(t, format, r, Options{Limits: limits}); !strings.Contains(text, "nothing could be read") {
			t.Errorf("%s says %q", format, text)
		}
	}
}
