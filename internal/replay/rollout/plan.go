// Package rollout weighs a history for whoever wants to have more reverted: per policy and
// scope, how many changes would have been, which of those somebody took back anyway, and
// which were likely meant.
//
// What it promises: it proposes and applies nothing; a scope is proposed for revert only
// where nothing of the last 90 days was likely wrong, and no day of them is missing.
//
//   - plan.go weighs, write.go writes the proposal as a policy file
package rollout

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Window is how much of a history, back from its end, a proposal rests on, in days.
const Window = 90

// reverting are policies of which each wants a revert.
type reverting struct{ set *policies.Set }

// Reverting are the policies as if each had the enforcement revert wherever it holds.
// Exemptions, and what keeps rescind from a revert, are as they were.
func Reverting(set *policies.Set) judge.Policies { return reverting{set} }

// Evaluate implements judge.Policies.
func (r reverting) Evaluate(in policies.Input) []policies.Result {
	out := slices.Clone(r.set.Evaluate(in))
	for i := range out {
		out[i].Enforcement, out[i].EnforcedBy = policies.Revert, ""
	}
	return out
}

// Policies are those that are asked, for what they are on.
func (r reverting) Policies() []policies.Policy { return r.set.Policies() }

// Plan is what a history says for and against having more reverted.
type Plan struct {
	From, To time.Time // of what was weighed
	Days     int       // between them, rounded up
	Missing  int       // of the days, those without any entry
	Unread   bool      // something of it could not be read
	Scopes   []Scope   // by policy, then by scope
}

// Enough reports whether the history is long and whole enough to propose a revert.
func (p Plan) Enough() bool { return p.Days >= Window && p.Missing == 0 && !p.Unread }

// Scope is what one policy would have done in one project, folder or organization.
type Scope struct {
	Policy, Scope string
	Reverts       int // would have been
	Asks          int // would have been asked about, though every policy wanted a revert
	Ended         int // of the reverts: somebody took it back anyway
	Deleted       int // the resource went, which says nothing
	Standing      int // no entry shows an end: likely meant
	PutBack       int // taken back, and made again: likely meant
	WorstHour     int // the most reverts in one
	Actors        []string
	Meant         []string // the resources of what was likely meant
}

// LikelyWrong is how many reverts would likely have been wrong.
func (s Scope) LikelyWrong() int { return s.Standing + s.PutBack }

// Proposed is the enforcement that the history speaks for.
func (p Plan) Proposed(s Scope) policies.Enforcement {
	if s.Reverts > 0 && s.LikelyWrong() == 0 && p.Enough() {
		return policies.Revert
	}
	return policies.Approve
}

// Of weighs a replay that was compared with Reverting. Since and until are what bounded
// it, zero for no bound: nothing outside of them was judged.
func Of(r replay.Report, since, until time.Time) Plan {
	read := r.Summary
	p := Plan{To: read.Last, From: read.First, Unread: read.Stopped != "" || len(read.Refused) > 0 || read.Unreadable > 0}
	if read.WithoutEntry > len(read.Gaps) { // which days have no entry is not known to the end
		p.Unread = true
	}
	if since.After(p.From) {
		p.From = since
	}
	if !until.IsZero() && until.Before(p.To) {
		p.To = until
	}
	if begin := p.To.AddDate(0, 0, -Window); begin.After(p.From) {
		p.From = begin
	}
	p.Days = int((p.To.Sub(p.From) + 24*time.Hour - 1) / (24 * time.Hour))
	for _, gap := range read.Gaps {
		if !gap.Before(p.From) && gap.Before(p.To) {
			p.Missing++
		}
	}
	again := madeAgain(r.Compared)
	scopes := map[[2]string]*tally{}
	for i := range r.Compared {
		f := &r.Compared[i]
		if f.Time.Before(p.From) || f.Decision != judge.Revert && f.Decision != judge.Ask {
			continue
		}
		k := [2]string{f.Policy, scopeOf(f)}
		if scopes[k] == nil {
			scopes[k] = &tally{Scope: Scope{Policy: k[0], Scope: k[1]}, hours: map[int64]int{}, actors: map[string]bool{}, meant: map[string]bool{}}
		}
		scopes[k].add(f, again[thing(f)])
	}
	for _, t := range scopes {
		p.Scopes = append(p.Scopes, t.done())
	}
	slices.SortFunc(p.Scopes, func(a, b Scope) int { return cmp.Or(cmp.Compare(a.Policy, b.Policy), cmp.Compare(a.Scope, b.Scope)) })
	return p
}

// tally adds findings up to a scope.
type tally struct {
	Scope
	hours         map[int64]int
	actors, meant map[string]bool
}

func (t *tally) add(f *replay.Finding, last time.Time) {
	if f.Decision == judge.Ask {
		t.Asks++
		return
	}
	t.Reverts++
	t.actors[f.Actor] = true
	hour := f.Time.Unix() / 3600
	t.hours[hour]++
	t.WorstHour = max(t.WorstHour, t.hours[hour])
	switch {
	case f.Ended == nil:
		t.Standing++
	case last.After(f.Ended.Time):
		t.PutBack++
	case strings.Contains(f.Ended.Method, ".Delete"):
		t.Deleted++
		return
	default:
		t.Ended++
		return
	}
	t.meant[f.Resource.String()] = true
}

func (t *tally) done() Scope {
	t.Actors, t.Meant = slices.Sorted(maps.Keys(t.actors)), slices.Sorted(maps.Keys(t.meant))
	return t.Scope
}

// same is what a violation is about, whoever makes it and whenever.
type same struct{ policy, resource, plan string }

func thing(f *replay.Finding) same {
	var steps []string
	for _, s := range f.Plan {
		steps = append(steps, s.String())
	}
	return same{f.Policy, f.Resource.String(), strings.Join(steps, "\n")}
}

// madeAgain says when each violation was made the last time.
func madeAgain(findings []replay.Finding) map[same]time.Time {
	last := map[same]time.Time{}
	for i := range findings {
		k := thing(&findings[i])
		if findings[i].Time.After(last[k]) {
			last[k] = findings[i].Time
		}
	}
	return last
}

// scopeOf is the scope of an override that holds the finding's resource; empty where none is known.
func scopeOf(f *replay.Finding) string {
	c, _ := f.Resource.Container()
	return c.Path()
}
