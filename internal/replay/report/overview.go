package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
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

// count is how many findings are of one name.
type count struct {
	Name string
	N    int
}

// busy is the hour with the most would-be reverts of one policy, project or actor, or of all.
type busy struct {
	Of, Name string // "all" has no name
	Hour     time.Time
	N, Limit int
	Passed   int // how many hours passed the limit, each policy, project or actor for itself
}

// Over reports whether the limit would have kept rescind from some of them.
func (b busy) Over() bool { return b.Limit > 0 && b.N > b.Limit }

// overview is what an owner asks of many findings.
type overview struct {
	Policies, Projects, Actors, Tools []count // the most first
	Decisions                         map[judge.Decision]int
	Unknown                           int // of them: it depends on something unknown
	Busiest                           []busy
	// Ended counts violations that are known to be over, and Within is half of them at the
	// most took, of those that ended.
	Ended  int
	Within time.Duration
	Enders []count
}

type hourOf struct {
	of, name string
	hour     int64
}

func overviewOf(findings []replay.Finding, l Limits) overview {
	o := overview{Decisions: map[judge.Decision]int{}}
	by := [5]map[string]int{{}, {}, {}, {}, {}}
	reverts := map[hourOf]int{}
	var took []int64
	for i := range findings {
		f := &findings[i]
		by[0][f.Policy]++
		by[1][where(f)]++
		by[2][f.Actor]++
		by[3][string(f.Tool)]++
		o.Decisions[f.Decision]++
		if f.Verdict == policies.Unknown {
			o.Unknown++
		}
		if f.Ended != nil {
			by[4][f.Ended.By]++
			took = append(took, f.Ended.After)
		}
		if f.Decision == judge.Revert && !f.Time.IsZero() { // of one without a time no hour is known
			hour := f.Time.Unix() / 3600
			for _, of := range []hourOf{{"all", "", hour}, {"policy", f.Policy, hour}, {"project", where(f), hour}, {"actor", f.Actor, hour}} {
				reverts[of]++
			}
		}
	}
	o.Policies, o.Projects, o.Actors, o.Tools, o.Enders = ranked(by[0]), ranked(by[1]), ranked(by[2]), ranked(by[3]), ranked(by[4])
	o.Busiest = busiest(reverts, l)
	if o.Ended = len(took); o.Ended > 0 {
		slices.Sort(took)
		o.Within = time.Duration(took[(len(took)-1)/2]) * time.Second
	}
	return o
}

// where is what the finding counts for among projects: a folder or an organization has none.
func where(f *replay.Finding) string { return cmp.Or(f.Project, f.Resource.Parent, f.Resource.Name) }

func ranked(m map[string]int) []count {
	out := make([]count, 0, len(m))
	for name, n := range m {
		out = append(out, count{name, n})
	}
	slices.SortFunc(out, func(a, b count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.Name, b.Name)) })
	return out
}

// busiest are the worst hours against each limit, the first of those that are as bad.
func busiest(reverts map[hourOf]int, l Limits) []busy {
	limits := map[string]int{"all": l.Total, "policy": l.PerPolicy, "project": l.PerProject, "actor": l.PerActor}
	worst := map[string]busy{}
	for h, n := range reverts {
		is, ok := worst[h.of]
		b := busy{Of: h.of, Name: h.name, Hour: time.Unix(h.hour*3600, 0).UTC(), N: n, Limit: limits[h.of], Passed: is.Passed}
		if b.Over() {
			b.Passed++
		}
		if ok && worse(b, is) > 0 {
			is.Passed = b.Passed
			b = is
		}
		worst[h.of] = b
	}
	out := slices.Collect(maps.Values(worst))
	order := []string{"all", "policy", "project", "actor"}
	slices.SortFunc(out, func(a, b busy) int { return cmp.Compare(slices.Index(order, a.Of), slices.Index(order, b.Of)) })
	return out
}

func worse(a, b busy) int {
	return cmp.Or(cmp.Compare(b.N, a.N), a.Hour.Compare(b.Hour), cmp.Compare(a.Name, b.Name))
}

// severities in order, the gravest last.
var severities = []policies.Severity{policies.Low, policies.Medium, policies.High, policies.Critical}

// decisionsDrawn are in the order in which they are told.
var decisionsDrawn = []judge.Decision{judge.Revert, judge.Ask, judge.Report, judge.DoNothing}

// word is what so many findings of a decision are called.
func word(d judge.Decision, n int) string {
	one := map[judge.Decision]string{judge.Revert: "would-be revert", judge.Ask: "ask", judge.Report: "report", judge.DoNothing: "exempt"}[d]
	if n == 1 || d == judge.DoNothing {
		return one
	}
	return one + "s"
}

// span is a duration in its largest unit: 12m, 3h, 40d.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/(24*time.Hour))
}
