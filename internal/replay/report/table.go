package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// writeTable writes a summary, and then the findings, one a line, by policy.
func writeTable(w io.Writer, r replay.Report, o Options) error {
	if len(r.Findings) == 0 {
		return replay.WriteTable(w, r)
	}
	t := &table{out: bufio.NewWriterSize(w, 64<<10), width: o.Width}
	t.summary(r, o.Limits)
	if o.Long {
		t.line("")
		if err := t.out.Flush(); err != nil {
			return fmt.Errorf("write findings: %w", err)
		}
		return replay.WriteTable(w, r)
	}
	t.groups(r.Findings)
	if err := t.out.Flush(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// table writes lines that fit its width, cut where they do not; 0 for lines of any length.
type table struct {
	out   *bufio.Writer // its error is that of Flush
	width int
	year  bool // of times: they are of several
	actor int  // how long the longest actor is
	says  int  // how wide a decision is
}

func (t *table) line(s string) {
	if t.width > 0 {
		s = shortened(s, t.width)
	}
	_, _ = t.out.WriteString(strings.TrimRight(s, " ") + "\n")
}

// shortened keeps the begin of the text where it is too long.
func shortened(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:max(width-1, 0)]) + "…"
	}
	return s
}

func (t *table) summary(r replay.Report, l Limits) {
	o := overviewOf(r.Findings, l)
	t.line(replay.Many(len(r.Findings), "finding") + ": " + strings.Join(t.decided(o), ", "))
	for _, by := range []struct {
		label  string
		counts []count
		note   string
	}{{"policy", o.Policies, ""}, {"project", o.Projects, ""}, {"actor", o.Actors, ""}, {"tool", o.Tools, " (a hint: user agents)"}} {
		t.line(fmt.Sprintf("%-8s %s%s", by.label, t.most(by.counts, t.width-9-len(by.note)), by.note))
	}
	t.line(fmt.Sprintf("%-8s %s", "hour", hours(o.Busiest, l)))
}

// decided are the decisions in words, and how many violations were over later.
func (t *table) decided(o overview) (out []string) {
	for _, d := range decisionsDrawn {
		if n := o.Decisions[d]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, word(d, n)))
		}
	}
	if o.Ended > 0 {
		out = append(out, fmt.Sprintf("%d ended later, half within %s", o.Ended, span(o.Within)))
	}
	return out
}

// most are as many of the names as fit, with how many more there are.
func (t *table) most(counts []count, width int) string {
	text := ""
	for i, c := range counts {
		part := fmt.Sprintf("%s %d", replay.OneLine(c.Name), c.N)
		if i > 0 {
			part = ", " + part
		}
		rest := ""
		if more := len(counts) - i - 1; more > 0 {
			rest = fmt.Sprintf(", %d more", more)
		}
		fits := t.width == 0 && i < 5 || len([]rune(text+part+rest)) <= width
		if !fits && i > 0 {
			return text + fmt.Sprintf(", %d more", len(counts)-i)
		}
		text += part
	}
	return text
}

// hours says how the worst hour stands to the limits.
func hours(worst []busy, l Limits) string {
	if len(worst) == 0 {
		return fmt.Sprintf("no reverts; limits: %d in all, %d a policy, %d a project, %d an actor", l.Total, l.PerPolicy, l.PerProject, l.PerActor)
	}
	var parts []string
	for _, b := range worst {
		part := fmt.Sprintf("%s %d of %d", b.Of, b.N, b.Limit)
		if b.Of == "all" {
			part = fmt.Sprintf("%s of %d from %s", replay.Many(b.N, "revert"), b.Limit, b.Hour.Format("2006-01-02 15:04"))
		}
		if b.Over() {
			part += " OVER"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// groups writes the findings by policy, the gravest first, and within one as they happened.
func (t *table) groups(findings []replay.Finding) {
	of := map[string][]*replay.Finding{}
	for i := range findings {
		f := &findings[i]
		of[f.Policy] = append(of[f.Policy], f)
		t.year = t.year || f.Time.Year() != findings[0].Time.Year()
		t.actor = max(t.actor, len([]rune(afterColon(f.Actor))))
	}
	grave := severities
	var groups [][]*replay.Finding
	for _, g := range of {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b []*replay.Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(grave, b[0].Severity), slices.Index(grave, a[0].Severity)), cmp.Compare(a[0].Policy, b[0].Policy))
	})
	for _, g := range groups {
		t.line(fmt.Sprintf("== %s, %s: %d", replay.OneLine(g[0].Policy), g[0].Severity, len(g)))
		for _, f := range g {
			t.row(f, decided(f))
		}
	}
}

// row is one finding. What there is no room for is left out, the tool first.
func (t *table) row(f *replay.Finding, says string) {
	resource, actor := replay.OneLine(f.Resource.String()), replay.OneLine(f.Actor)
	if t.width == 0 {
		t.line(strings.Join([]string{f.Time.Format(time.RFC3339), says, ended(f), resource, actor, string(f.Tool)}, "  "))
		return
	}
	layout := "01-02 15:04"
	if t.year || t.width >= 100 {
		layout = "2006-01-02 15:04"
	}
	head := fmt.Sprintf("%s %-*s ", f.Time.Format(layout), max(t.says, 7), says)
	room := t.width - len(head)
	if room < 30 {
		t.line(head + squeezed(short(f, false), room))
		return
	}
	head += fmt.Sprintf("%-4s ", ended(f))
	room -= 6
	tool := ""
	if room >= 70 {
		tool, room = " "+string(f.Tool), room-15
	}
	actors := min(room*2/5, t.actor)
	t.line(fmt.Sprintf("%s%-*s %-*s%s", head, room-actors, squeezed(short(f, t.width >= 100), room-actors), actors, squeezed(afterColon(actor), actors), tool))
}

// short is the resource without what all have, and without its region unless that is asked for.
func short(f *replay.Finding, region bool) string {
	_, name, _ := strings.Cut(strings.TrimPrefix(f.Resource.String(), "//"), "/")
	with := "/"
	if region {
		with = "/" + f.Resource.Location + "/"
	}
	name = strings.Replace(name, "/locations/"+f.Resource.Location+"/", with, 1)
	return replay.OneLine(strings.TrimPrefix(name, "projects/"))
}

// squeezed leaves out the middle of a text that is too long: both ends tell most.
func squeezed(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	if width < 3 {
		return string(r[:max(width, 0)])
	}
	head := (width - 1) / 3
	return string(r[:head]) + "…" + string(r[len(r)-(width-1-head):])
}

func afterColon(actor string) string {
	if _, name, ok := strings.Cut(actor, ":"); ok && !strings.HasPrefix(name, "//") {
		return name
	}
	return actor
}

// decided is the decision in a word; it depends on something unknown where "?" is behind it.
func decided(f *replay.Finding) string {
	switch f.Verdict {
	case policies.Exempt:
		return "exempt"
	case policies.Unknown:
		return string(f.Decision) + "?"
	}
	return string(f.Decision)
}

// ended is how long the violation stood, "-" where no entry shows its end.
func ended(f *replay.Finding) string {
	if f.Ended == nil {
		return "-"
	}
	return span(time.Duration(f.Ended.After) * time.Second)
}
