package remediate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// unapproved counts the votes for an approved plan once more, just before it is
// carried out, and returns the finding as it is then stored where they are no
// longer enough: since they were given somebody may have left the approvers, or
// have made the same change. Then the finding ends. It does not go back to
// pending, which it leaves once: the next event or scan asks anew, with a card
// of its own. Where somebody cannot be looked up, nothing is done for now.
func (r *Remediator) unapproved(ctx context.Context, f finding.Finding) (finding.Finding, bool, error) {
	if f.State != state.Approved || f.Automatic { // what was begun is finished, and a policy needs no votes
		return f, false, nil
	}
	c := finding.ChooseRevert
	if f.UndoOf != "" {
		c = finding.ChooseUndo
	}
	now, au := r.Now(), r.Authority.resolved(ctx, f, c)
	have, unsure, need := len(au.votes(f, c, now, Approver)), au.votes(f, c, now, Undetermined), au.quorum(f, c)
	var err error
	switch {
	case au.Misconfigured == "" && have >= need:
		return f, false, nil
	case au.Misconfigured != "":
		f, err = r.update(ctx, f.PutOff("the configuration of the approvers is wrong: "+au.Misconfigured, now))
	case have+len(unsure) >= need:
		who := unsure[0].Principal
		f, err = r.update(ctx, f.PutOff("whether "+who+" still may approve it could not be looked up"+au.failures(who), now))
	default:
		why := fmt.Sprintf("%d of %d votes count (%s)", have, need, au.lost(f, c, now))
		f, err = r.update(ctx, f.Disapproved(now, why))
	}
	return f, true, err
}

// lost names those whose votes no longer count, and why.
func (au Authority) lost(f finding.Finding, c finding.Choice, now time.Time) string {
	var out []string
	counted := au.votes(f, c, now, Approver)
	for _, a := range f.Answers {
		switch {
		case a.Choice != c || contains(counted, a.Principal):
		case au.standing(a.Principal) != Approver:
			out = append(out, a.Principal+" is no approver any more")
		case finding.Raises(c) && f.MadeBy(a.Principal):
			out = append(out, a.Principal+" made the change as well")
		default:
			out = append(out, a.Principal+"'s no longer counts")
		}
	}
	if len(out) == 0 {
		return "nobody's was taken away, it takes more by now"
	}
	return strings.Join(out, "; ")
}
