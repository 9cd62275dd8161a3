package finding

import (
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// BudgetOf is whose reverts a change counts among, as one spelling: that of the
// first in the chain of those who acted, which is whoever holds the credentials.
// To act through many accounts is to be the same actor. All who are not known, or
// whose name is of no kind that is known, are one actor.
func BudgetOf(a cloud.Actor) string {
	name := a.Principal
	if len(a.Delegation) > 0 {
		name = a.Delegation[0]
	}
	name = Canonical(name)
	kind, rest, _ := strings.Cut(name, ":")
	switch {
	case len(name) > maxActor:
	case kind == "principal":
		return budgetOfSubject(name)
	case !strings.Contains(rest, "@"):
	case kind == "user":
		return personOf(name)
	case kind == "serviceaccount":
		return "serviceAccount:" + rest
	}
	return cloud.UnknownActor
}

// budgetOfSubject is the person for a subject of a workforce pool. Of a workload
// identity pool it is the pool: what its subjects are called is for whoever runs the
// workloads to choose, in some by the name of a branch.
func budgetOfSubject(name string) string {
	pool, subject, ok := strings.Cut(name, "/subject/")
	switch {
	case !ok || subject == "":
		return cloud.UnknownActor
	case strings.Contains(pool, "/workloadidentitypools/"):
		return pool
	case !strings.Contains(pool, "/workforcepools/"):
		return cloud.UnknownActor
	}
	return personOf(name)
}

// Budget is whose reverts the finding counts among: whoever made the change it began
// with, or the first who is known to have made it, as half an operation names nobody.
func (f Finding) Budget() string {
	for _, a := range append([]cloud.Actor{f.Change.Actor}, f.Actors...) {
		if who := BudgetOf(a); who != cloud.UnknownActor {
			return who
		}
	}
	return cloud.UnknownActor
}

// Severe reports whether the finding is one of those for which a part of the limits
// is kept. What no policy rates counts as critical.
func (f Finding) Severe() bool { return f.Severity != policies.Low && f.Severity != policies.Medium }
