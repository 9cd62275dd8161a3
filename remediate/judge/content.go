package judge

import (
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// A deploy needs the right to act as the account that the new revision runs as,
// and as no other: whoever deploys as the default account chooses the code, and
// restore-identity would run it as the account before. So content is given an
// account unasked only where it has run as that account, as far as revisions show:
// a person decides of everything else.

// newContentAs says why what the workload's template runs is not known to have run
// as the account, or "". While Google Cloud is at work on it that cannot be told
// yet: see stillDeploying.
func newContentAs(w *cloud.Workload, account string) string {
	switch {
	case w == nil:
		return "what it runs could not be read"
	case w.Resource.Kind == cloud.RunJob:
		return "a job keeps no revisions, so nobody can tell whether that ran before"
	case w.PreviousWhy != "":
		return "what ran before is unknown: " + w.PreviousWhy
	case w.Previous.Knowledge != cloud.Known || w.Previous.Email != account:
		return "no revision is known to have run as that account; it is the project's fallback_identity"
	case w.Content.RanBefore || stillDeploying(w): // the latter is waited for
		return ""
	case w.Content.Why == "": // a log shows no revisions
		return "whether it ran as that account before is not known"
	}
	// A person is shown what would get the rights: images, commands, names.
	return strings.Join(append([]string{w.Content.Why}, w.Content.Changes...), "; ")
}

// stillDeploying reports whether Google Cloud is still at work on what the template
// runs, so that nobody can tell yet what that is.
func stillDeploying(w *cloud.Workload) bool {
	return w != nil && w.Reconciling && w.Content.Why == "" && !w.Content.RanBefore
}
