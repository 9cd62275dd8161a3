package notify

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/policies"
)

// maxNewest is how many findings a roundup tells of by name.
const maxNewest = 5

func (v roundupView) fields() []Field {
	fs := []Field{
		{Name: "By policy", Value: tally(v.asking, func(f finding.Finding) string { return f.Policy })},
		{Name: "By severity", Value: bySeverity(v.asking)},
	}
	if n := len(v.Open) - len(v.asking); n > 0 {
		fs = append(fs, Field{Name: "Being carried out", Value: fmt.Sprint(n)})
	}
	if len(v.Ended) > 0 {
		fs = append(fs, Field{Name: "Ended without a card", Value: tally(v.Ended, func(f finding.Finding) string { return string(f.State) })})
	}
	if len(v.asking) == 0 {
		return fs[2:]
	}
	if first := firstDeadline(v.asking); !first.IsZero() {
		fs = append(fs, Field{Name: "First deadline", At: first})
	}
	return fs
}

// tally counts findings by a word, the most frequent first, and sums up the
// words beyond the first few.
func tally(fs []finding.Finding, word func(finding.Finding) string) string {
	n := map[string]int{}
	for _, f := range fs {
		n[word(f)]++
	}
	words := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(n[b]-n[a], strings.Compare(a, b)) })
	rest := 0
	var out []string
	for i, w := range words {
		if i >= maxNewest {
			rest += n[w]
			continue
		}
		out = append(out, fmt.Sprintf("%d %s", n[w], short(w, 40)))
	}
	if rest > 0 {
		out = append(out, fmt.Sprintf("%d others", rest))
	}
	return strings.Join(out, ", ")
}

func bySeverity(fs []finding.Finding) string {
	var out []string
	for _, s := range []policies.Severity{policies.Critical, policies.High, policies.Medium, policies.Low, ""} {
		n := 0
		for _, f := range fs {
			if f.Severity == s {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, cmp.Or(string(s), "unrated")))
		}
	}
	return strings.Join(out, ", ")
}

func (v roundupView) plan() string {
	switch n := len(v.asking); {
	case n > maxNewest:
		return fmt.Sprintf("The newest %d of them", maxNewest)
	case n == 1:
		return "It is"
	}
	return "They are"
}

// newest is a line for each of the newest: who, what, where, until when.
func (v roundupView) newest() []string {
	var out []string
	for _, f := range v.asking[:min(len(v.asking), maxNewest)] {
		ends := ""
		if !f.ExpiresAt.IsZero() {
			ends = ", until " + Clock(f.ExpiresAt)
		}
		out = append(out, fmt.Sprintf("%s: %s %s %s%s  [%s]", short(phrase(f), 80), short(who(f), 80), verb(f.Change), where(f.Resource), ends, f.ID))
	}
	return out
}
