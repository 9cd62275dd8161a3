package judge

import (
	"cmp"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// ScanMethod is the method of a change that nobody logged: what a scan found.
const ScanMethod = "scan of live state"

// Changes are those that would have made what is live: of a workload its
// deploy and its grants, of a container the grants of each member, which is how
// a deploy judges those of its account.
func (s Snapshot) Changes(res cloud.Resource) []cloud.Change {
	if s.Gone {
		return nil
	}
	made := cloud.Change{Method: ScanMethod, Time: s.At, Resource: res, Actor: cloud.Actor{Principal: cloud.UnknownActor}, Verb: cloud.SetPolicy, HasDelta: true}
	if s.Workload != nil {
		deploy := made
		live := *s.Workload
		live.Shares = cloud.Beside(live.Shares, live.Identity)
		deploy.Verb, deploy.HasDelta, deploy.Workload = cloud.Update, false, &live
		if s.Policy == nil { // an instance's, which is not read
			return []cloud.Change{deploy}
		}
		return []cloud.Change{deploy, Granting(made, s.Policy.Grants())}
	}
	byMember := map[cloud.Member][]cloud.Grant{}
	for _, g := range s.Policy.Grants() {
		byMember[g.Member] = append(byMember[g.Member], g)
	}
	var out []cloud.Change
	for _, grants := range byMember {
		out = append(out, Granting(made, grants))
	}
	slices.SortFunc(out, func(a, b cloud.Change) int { return cmp.Compare(a.Deltas[0].Grant.Member, b.Deltas[0].Grant.Member) })
	return out
}

// Granting is the change as one that adds these grants and nothing else.
func Granting(c cloud.Change, grants []cloud.Grant) cloud.Change {
	c.Deltas = cloud.Deltas(cloud.Add, grants)
	return c
}
