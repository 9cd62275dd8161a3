package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/judge"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// page is what the templates show.
type page struct {
	Policy        string // of the page, to the browser
	Style         template.CSS
	Script        template.JS
	Title, Scope  string
	Version       string
	Total         int
	Figures       []figure
	Time, Hours   chart
	Worst         []busy
	Ranks         []rank
	Problems      []string
	Gaps, GapsAre string  // how many days have no entry, and which
	Changes       []count // of two sets of policies, where Compared
	Compared      bool
	Nothing       bool // could be read
}

// figure is a number with what it is of.
type figure struct {
	N, Label, Class string
}

// rank is how many findings are of each name. A button of one filters by it.
type rank struct {
	Title, Note, Key string
	Rows             []ranked1
	More             int
}

// ranked1 is one name of a rank. Share is of the most, for its bar.
type ranked1 struct {
	Name, Value string
	N           int
	Share       string
}

// mostRanked is how many names a rank shows.
const mostRanked = 8

// writeHTML writes a page that needs nothing but itself: no request, and nothing runs in it
// but its own script.
func writeHTML(w io.Writer, r replay.Report, o Options) error {
	rows := make([]row, len(r.Findings))
	for i := range r.Findings {
		rows[i].finding = &r.Findings[i]
	}
	return writePage(w, pageOf(r, o), rows)
}

func writePage(w io.Writer, p page, rows []row) error {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return fmt.Errorf("read the page: %w", err)
	}
	out := bufio.NewWriterSize(w, 256<<10)
	if err := t.ExecuteTemplate(out, "head", p); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	if err := writeRows(out, rows); err != nil {
		return err
	}
	if err := t.ExecuteTemplate(out, "tail", p); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// allowed is the page's policy: its own style and its own script, by their hashes.
func allowed() string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; script-src " + hash(pageScript) + "; style-src " + hash(pageStyle) + "; base-uri 'none'; form-action 'none'"
}

func pageOf(r replay.Report, o Options) page {
	c := calendarOf(r)
	all := overviewOf(r.Findings, o.Limits)
	p := page{
		Policy: allowed(), Style: template.CSS(pageStyle), Script: template.JS(pageScript), //nolint:gosec // both are ours, embedded
		Title: "What rescind would have done", Scope: replay.OneLine(r.Summary.Scope()), Version: o.Version,
		Total: len(r.Findings), Figures: figures(r, all), Time: c.overTime(r), Hours: c.busiestHours(r, o.Limits.Total), Worst: all.Busiest,
		Nothing: r.Summary.ReadNothing(),
	}
	if n := r.Summary.WithoutEntry; n > 0 {
		p.Gaps, p.GapsAre = replay.Many(n, "day"), listed(gapsOf(r.Summary.Gaps))
	}
	if p.Nothing {
		p.Scope = replay.OneLine(r.Summary.Nothing())
	}
	for _, problem := range r.Summary.Refused {
		p.Problems = append(p.Problems, replay.OneLine(problem.String()))
	}
	p.Ranks = []rank{
		rankOf("By policy", "policy", all.Policies, ""), rankOf("By project", "project", all.Projects, ""), rankOf("By actor", "actor", all.Actors, ""),
		rankOf("By tool", "tool", all.Tools, "A hint, by the user agent: a caller can send any."),
		stood(r.Findings), rankOf("Who ended them", "by", all.Enders, endersNote(r.Findings)),
	}
	return p
}

func figures(r replay.Report, o overview) []figure {
	n := func(n int, class string, one, more string) figure {
		if n == 1 {
			more = one
		}
		return figure{grouped(n), more, class}
	}
	out := []figure{
		n(len(r.Findings), "all", "finding", "findings"), n(o.Decisions[judge.Revert], "revert", "would-be revert", "would-be reverts"),
		n(o.Decisions[judge.Ask], "ask", "ask", "asks"), n(o.Decisions[judge.Report], "report", "report", "reports"),
		n(o.Decisions[judge.DoNothing], "none", "exempt", "exempt"), n(o.Unknown, "unknown", "rests on something unknown", "rest on something unknown"),
	}
	ended := n(o.Ended, "ended", "ended later", "ended later")
	if o.Ended > 0 {
		ended.Label += ", half within " + span(o.Within)
	}
	return append(out, ended)
}

func rankOf(title, key string, counts []count, note string) rank {
	out := rank{Title: title, Key: key, Note: note, More: max(len(counts)-mostRanked, 0)}
	for _, c := range counts[:min(len(counts), mostRanked)] {
		name := replay.OneLine(c.Name)
		out.Rows = append(out.Rows, ranked1{name, name, c.N, fmt.Sprintf("%.2f", 100*float64(c.N)/float64(counts[0].N))})
	}
	return out
}

// spans are how long violations are told to have stood, each up to its time.
var spans = []struct {
	name string
	upTo time.Duration
}{{"under 10 minutes", 10 * time.Minute}, {"under an hour", time.Hour}, {"under 6 hours", 6 * time.Hour}, {"under a day", day}, {"under a week", 7 * day}, {"a week or more", 1 << 62}}

// stood is how long violations stood, those that no entry ended last.
func stood(findings []replay.Finding) rank {
	counts := make([]int, len(spans)+1)
	for i := range findings {
		n := len(spans)
		if e := findings[i].Ended; e != nil {
			for n = range spans {
				if time.Duration(e.After)*time.Second < spans[n].upTo {
					break
				}
			}
		}
		counts[n]++
	}
	most := max(slices.Max(counts), 1)
	out := rank{Title: "How long violations stood", Key: "stood", Note: "What no entry ended may still stand, or have ended in a way that the log does not show."}
	for n, of := range counts {
		name := "no end in the history"
		if n < len(spans) {
			name = spans[n].name
		}
		if len(findings) > 0 {
			out.Rows = append(out.Rows, ranked1{name, fmt.Sprint(n), of, fmt.Sprintf("%.2f", 100*float64(of)/float64(most))})
		}
	}
	return out
}

// endersNote says how many were ended by whoever made them.
func endersNote(findings []replay.Finding) string {
	own, all := 0, 0
	for i := range findings {
		if e := findings[i].Ended; e != nil {
			all++
			if e.By == findings[i].Actor {
				own++
			}
		}
	}
	if all == 0 {
		return "No entry ends any of them."
	}
	return fmt.Sprintf("%s of %s ended by whoever made the change.", grouped(own), grouped(all))
}

// grouped is a number with its thousands apart: 50 000, with a space that does not break.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return grouped(n/1000) + fmt.Sprintf("\u00a0%03d", n%1000)
}

// listed are the first few gaps in words.
func listed(gaps []gap) string {
	const most = 6
	var parts []string
	for _, g := range gaps[:min(len(gaps), most)] {
		parts = append(parts, g.String())
	}
	if len(gaps) > most {
		parts = append(parts, "…")
	}
	return strings.Join(parts, ", ")
}
