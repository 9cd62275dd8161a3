package authority

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Approval is what a new count of the votes for an approved plan comes to. The
// zero Approval is that it no longer holds.
type Approval struct {
	Holds bool
	// Unknown says why it cannot be told at the moment; empty where it can.
	Unknown string
	// Lost says how many votes are left of how many it takes, and whose no longer
	// count.
	Lost string
}

// Recount counts the votes for an approved plan once more: since they were given
// somebody may have left the approvers, or have made the same change.
func (au Authority) Recount(ctx context.Context, f finding.Finding, now time.Time) Approval {
	c := finding.ChooseRevert
	if f.UndoOf != "" {
		c = finding.ChooseUndo
	}
	au = au.resolved(ctx, f, c)
	counted, need := au.votes(f, c, now, Approver), au.quorum(f, c)
	have, unsure := len(counted), au.unsure(f, c, now, counted)
	switch {
	case au.Misconfigured != "":
		return Approval{Unknown: "the configuration of the approvers is wrong: " + au.Misconfigured}
	case have >= need:
		return Approval{Holds: true}
	case have+len(unsure) >= need:
		who := unsure[0].Principal
		return Approval{Unknown: au.doubt(f, c, who, "whether "+who+" still may approve it could not be looked up")}
	}
	return Approval{Lost: fmt.Sprintf("%d of %d votes count (%s)", have, need, au.lost(f, c, now))}
}

// lost names those whose votes no longer count, and why.
func (au Authority) lost(f finding.Finding, c finding.Choice, now time.Time) string {
	var out []string
	counted := au.votes(f, c, now, Approver)
	for _, a := range f.Answers {
		switch {
		case a.Choice != c || slices.ContainsFunc(counted, func(o finding.Answer) bool { return o.Principal == a.Principal }):
		case au.standing(a.Principal) != Approver:
			out = append(out, a.Principal+" is no approver any more")
		case finding.Raises(c) && au.authored(f, a.Principal).standing == Approver:
			out = append(out, strings.TrimSuffix(au.authored(f, a.Principal).why, ","))
		case contains(counted, a.Principal):
			out = append(out, a.Principal+" may be the same person as another who approved it")
		default:
			out = append(out, a.Principal+"'s no longer counts")
		}
	}
	if len(out) == 0 {
		return "nobody's was taken away, it takes more by now"
	}
	return strings.Join(out, "; ")
}
