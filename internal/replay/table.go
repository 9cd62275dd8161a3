package replay

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// tableWidth is what wrapped lines keep to. Names are never cut or wrapped:
// they are there to be copied.
const tableWidth = 100

const tableColumns = "%-20s  %-8s  %-9s  %-8s  %s\n"

// WriteTable writes the findings for a person, in the order they happened. That there are
// none is never said without what was read.
func WriteTable(w io.Writer, r Report) error {
	var b strings.Builder
	switch {
	case len(r.Findings) > 0:
		fmt.Fprintf(&b, tableColumns, "TIME", "SEVERITY", "VERDICT", "DECISION", "POLICY")
	case r.Summary.ReadNothing():
		fmt.Fprintf(&b, "%s\n", r.Summary.Nothing())
	default:
		fmt.Fprintf(&b, "No findings in what was read: %s\n", r.Summary.Scope())
	}
	for _, f := range r.Findings {
		f.row(&b)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

func (f Finding) row(b *strings.Builder) {
	fmt.Fprintf(b, tableColumns, f.Time.Format(time.RFC3339), f.Severity, f.Verdict, f.Decision, OneLine(f.Policy))
	detail(b, "on", OneLine(f.Resource.String()))
	detail(b, "by", OneLine(f.Actor))
	detail(b, "call", OneLine(strings.TrimSpace(f.Method+"  "+f.InsertID)))
	for _, r := range f.Reasons {
		detail(b, "why", wrap(OneLine(r), tableWidth-10)...)
	}
	for _, s := range f.Plan {
		detail(b, "plan", wrap(OneLine(s.String()), tableWidth-10)...)
	}
	b.WriteByte('\n')
}

// detail writes a labelled line, and what does not fit below it.
func detail(b *strings.Builder, label string, lines ...string) {
	for _, l := range lines {
		fmt.Fprintf(b, "    %-4s  %s\n", label, l)
		label = ""
	}
}

// String says what the step would do, in a sentence.
func (s Step) String() string {
	var what []string
	for _, g := range s.Before.Grants {
		if !slices.Contains(s.After.Grants, g) {
			what = append(what, "remove "+g.String())
		}
	}
	for _, g := range s.After.Grants {
		if !slices.Contains(s.Before.Grants, g) {
			what = append(what, "put back "+g.String())
		}
	}
	if s.Step == policies.RestoreIngress {
		what = append(what, fmt.Sprintf("set ingress to %s instead of %s", cmp.Or(s.After.Ingress, "what a person chooses"), s.Before.Ingress))
	}
	if s.Before.OrgPolicy != "" {
		what = append(what, "delete the organization policy "+s.Before.OrgPolicy)
	}
	if s.After.InvokerIAMDisabled != nil {
		what = append(what, "set invoker_iam_disabled to "+strconv.FormatBool(*s.After.InvokerIAMDisabled))
	}
	if s.Step == policies.RestoreRevision {
		what = append(what, "send requests to "+judge.Spread(s.After.Traffic))
	}
	if s.Step == policies.RestoreIdentity {
		what = append(what, fmt.Sprintf("run as %s instead of %s",
			cmp.Or(s.After.ServiceAccount, "an account that a person names"), cmp.Or(s.Before.ServiceAccount, "the default account")))
	}
	return string(s.Step) + ": " + strings.Join(what, "; ")
}
