package remediate

import "github.com/rescind-dev/rescind/remediate/trail"

// Lines are the events of the finding's trail after the first so many.
func (f Finding) Lines(after int) []trail.Line {
	var out []trail.Line
	for i, e := range f.Timeline {
		if i >= after {
			out = append(out, trail.Line{
				At: e.At, Chain: "finding/" + f.ID, N: i + 1, Kind: string(e.State), Finding: f.ID, Policy: f.Policy,
				Resource: f.Resource.String(), Who: e.Who, Via: e.Via, What: e.What, Plan: e.Plan, Hash: e.Hash,
			})
		}
	}
	return out
}
