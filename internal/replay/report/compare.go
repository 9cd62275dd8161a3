package report

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/replay"
)

// The ways in which a finding differs under other policies.
const (
	Appears         = "appears"
	Disappears      = "disappears"
	ChangesDecision = "changes decision" // or its verdict
	ChangesReason   = "changes reason"   // or severity, enforcement or plan, with the decision as it was
)

var changes = []string{Appears, Disappears, ChangesDecision, ChangesReason}

// Difference is a finding that is not the same under two sets of policies. Its JSON form
// is a contract; Before is null for one that appears, After for one that disappears.
type Difference struct {
	Change string          `json:"change"`
	Before *replay.Finding `json:"before"`
	After  *replay.Finding `json:"after"`
}

// shown is the finding as it is after, or was where it is no more.
func (d *Difference) shown() *replay.Finding {
	if d.After != nil {
		return d.After
	}
	return d.Before
}

// says is the decision, with what it was before where that differs.
func (d *Difference) says() string {
	if was, is := d.was(), decided(d.shown()); was != "" && was != is {
		return was + " > " + is
	}
	return decided(d.shown())
}

// was says how it was decided before; empty for one that appears.
func (d *Difference) was() string {
	if d.Before == nil {
		return ""
	}
	return decided(d.Before)
}

// sameFinding is what a finding keeps under other policies: of which change, by which policy.
type sameFinding struct{ policy, resource, entry, actor, method, time string }

func keyOf(f *replay.Finding) sameFinding {
	return sameFinding{f.Policy, f.Resource.String(), f.InsertID, f.Actor, f.Method, f.Time.String()}
}

// Compare lists how the findings of r.Compared differ from r.Findings, which are those before:
// first those that were there, in their order, then those that appear.
func Compare(r replay.Report) []Difference {
	after := map[sameFinding][]*replay.Finding{}
	for i := range r.Compared {
		k := keyOf(&r.Compared[i])
		after[k] = append(after[k], &r.Compared[i])
	}
	out := []Difference{}
	for i := range r.Findings {
		was := &r.Findings[i]
		k := keyOf(was)
		if len(after[k]) == 0 {
			out = append(out, Difference{Disappears, was, nil})
			continue
		}
		is := after[k][0]
		after[k] = after[k][1:]
		if change := changeOf(was, is); change != "" {
			out = append(out, Difference{change, was, is})
		}
	}
	for i := range r.Compared {
		is := &r.Compared[i]
		if slices.Contains(after[keyOf(is)], is) {
			out = append(out, Difference{Appears, nil, is})
		}
	}
	return out
}

func changeOf(was, is *replay.Finding) string {
	switch {
	case was.Decision != is.Decision || was.Verdict != is.Verdict:
		return ChangesDecision
	case was.Severity != is.Severity || was.Enforcement != is.Enforcement || !slices.Equal(was.Reasons, is.Reasons) || !reflect.DeepEqual(was.Plan, is.Plan):
		return ChangesReason
	}
	return ""
}

// comparisons are the forms of a comparison.
func comparisons() map[string]func(io.Writer, replay.Report, []Difference, Options) error {
	return map[string]func(io.Writer, replay.Report, []Difference, Options) error{
		"table": compareTable, "jsonl": compareJSONL, "csv": compareCSV, "sarif": compareSARIF, "html": compareHTML,
	}
}

// WriteComparison writes the differences of the report in the form of that name. Its error is
// that of w, or says that there is no such form.
func WriteComparison(w io.Writer, format string, r replay.Report, ds []Difference, o Options) error {
	write, ok := comparisons()[format]
	if !ok {
		return fmt.Errorf("no comparison has the form %q", format)
	}
	return write(w, r, ds, o)
}

// tallied says of how many findings there are how many differences of each kind.
func tallied(r replay.Report, ds []Difference) (head, kinds string) {
	head = fmt.Sprintf("%s before, %d after", replay.Many(len(r.Findings), "finding"), len(r.Compared))
	if len(ds) == 0 {
		return head, "no difference in what was read: " + r.Summary.Scope()
	}
	n := map[string]int{}
	for _, d := range ds {
		n[d.Change]++
	}
	var parts []string
	for _, c := range changes {
		if n[c] > 0 {
			parts = append(parts, fmt.Sprintf("%s: %d", c, n[c]))
		}
	}
	return head, strings.Join(parts, ", ")
}

// compareTable writes a summary, and then a line for each difference, by what changes.
func compareTable(w io.Writer, r replay.Report, ds []Difference, o Options) error {
	if r.Summary.ReadNothing() && len(ds) == 0 {
		return writeTable(w, replay.Report{Summary: r.Summary}, o)
	}
	t := &table{out: bufio.NewWriterSize(w, 64<<10), width: o.Width}
	head, kinds := tallied(r, ds)
	t.line(head)
	t.line(kinds)
	t.says = len("report? > revert")
	groups := map[string][]*Difference{}
	for i := range ds {
		head := ds[i].Change + ", " + replay.OneLine(ds[i].shown().Policy)
		groups[head] = append(groups[head], &ds[i])
		t.actor = max(t.actor, len([]rune(afterColon(ds[i].shown().Actor))))
	}
	for _, head := range slices.Sorted(maps.Keys(groups)) {
		t.line(fmt.Sprintf("== %s: %d", head, len(groups[head])))
		for _, d := range groups[head] {
			t.row(d.shown(), d.says())
			if o.Long {
				t.reasons("before", d.Before)
				t.reasons("after", d.After)
			}
		}
	}
	if err := t.out.Flush(); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	return nil
}

func (t *table) reasons(label string, f *replay.Finding) {
	if f == nil {
		return
	}
	for _, r := range f.Reasons {
		t.line("    " + label + ": " + replay.OneLine(r))
	}
}

func compareJSONL(w io.Writer, r replay.Report, ds []Difference, _ Options) error {
	if r.Summary.ReadNothing() && len(ds) == 0 {
		return replay.WriteJSONL(w, replay.Report{Summary: r.Summary})
	}
	return replay.WriteLines(w, ds)
}

// compareCSV writes the columns of a finding, and before them what changed and what was
// decided before.
func compareCSV(w io.Writer, r replay.Report, ds []Difference, _ Options) error {
	out := csv.NewWriter(w) // its error is that of Flush
	_ = out.Write(append([]string{"change", "decision_before"}, columns...))
	if r.Summary.ReadNothing() && len(ds) == 0 {
		_ = out.Write(append([]string{"", ""}, unread(r)...))
	}
	for i := range ds {
		row, err := rowOf(ds[i].shown())
		if err != nil {
			return fmt.Errorf("write difference: %w", err)
		}
		before := ""
		if ds[i].Before != nil {
			before = string(ds[i].Before.Decision)
		}
		_ = out.Write(append([]string{ds[i].Change, before}, row...))
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write differences: %w", err)
	}
	return nil
}

// compareSARIF writes the differences as results against a baseline.
func compareSARIF(w io.Writer, r replay.Report, ds []Difference, o Options) error {
	states := map[string]string{Appears: "new", Disappears: "absent", ChangesDecision: "updated", ChangesReason: "updated"}
	r.Findings = nil
	for i := range ds {
		r.Findings = append(r.Findings, *ds[i].shown())
	}
	log := sarifOf(r, o)
	for i := range ds {
		result := &log.Runs[0].Results[i]
		result.Baseline = states[ds[i].Change]
		result.Properties["change"], result.Properties["before"] = ds[i].Change, ds[i].was()
	}
	return log.write(w)
}

// compareHTML writes the page of what differs.
func compareHTML(w io.Writer, r replay.Report, ds []Difference, o Options) error {
	shown := replay.Report{Summary: r.Summary}
	rows := make([]row, len(ds))
	counts := map[string]int{}
	for i := range ds {
		shown.Findings = append(shown.Findings, *ds[i].shown())
		counts[ds[i].Change]++
	}
	for i := range ds {
		rows[i] = row{&shown.Findings[i], ds[i].Change, ""}
		if b := ds[i].Before; b != nil {
			rows[i].before = decided(b) + ": " + strings.Join(b.Reasons, "; ")
		}
	}
	p := pageOf(shown, o)
	p.Title = "What other policies would change"
	if head, kinds := tallied(r, ds); !p.Nothing {
		p.Scope = replay.OneLine(head + "; " + kinds)
	}
	p.Compared = true
	p.Figures[0].Label = "differences, of which"
	for _, c := range changes {
		p.Changes = append(p.Changes, count{c, counts[c]})
	}
	return writePage(w, p, rows)
}
