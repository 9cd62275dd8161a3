package demo

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/sim"
)

// What can be said of the simulated cloud when a scene has ended.

func not(f func(sim.State) bool) func(sim.State) bool {
	return func(s sim.State) bool { return !f(s) }
}

func granted(resource, role, member string) func(sim.State) bool {
	return func(s sim.State) bool {
		return slices.ContainsFunc(grantsOf(s, resource), func(g sim.GrantState) bool { return g.Role == role && g.Member == member })
	}
}

func conditional(s sim.State, resource, member string) bool {
	return slices.ContainsFunc(grantsOf(s, resource), func(g sim.GrantState) bool { return g.Member == member && g.Condition != "" })
}

func grantsOf(s sim.State, resource string) []sim.GrantState {
	for _, p := range s.Policies {
		if strings.HasSuffix(p.Resource, resource) {
			return p.Grants
		}
	}
	return nil
}

func shopRunsAsItself(s sim.State) bool {
	return !slices.ContainsFunc(sandbox.Shop(), func(name string) bool {
		return !runsAs(sandbox.Location+"/services/"+name, name+"@pay-prod.iam.gserviceaccount.com")(s)
	})
}

func runsAs(workload, account string) func(sim.State) bool {
	return func(s sim.State) bool {
		return slices.ContainsFunc(s.Workloads, func(w sim.WorkloadState) bool { return w.Name == workload && w.Identity == account })
	}
}

// reachesOthers reports whether requests reach the service, and not its newest revision.
func reachesOthers(service string) func(sim.State) bool {
	return func(s sim.State) bool {
		return slices.ContainsFunc(s.Workloads, func(w sim.WorkloadState) bool {
			return w.Name == service && len(w.Reached) > 0 && !slices.Contains(w.Reached, w.Revision)
		})
	}
}
