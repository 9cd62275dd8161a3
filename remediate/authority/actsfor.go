package authority

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Acting is who can act through a service account: whoever made a change through it is
// one of them, and none of them keeps it. The zero Acting is nobody.
type Acting struct {
	Users []string // principals
	// Group is the address of a group whose members can, too; empty for none.
	Group string
	// Members says who is in Group. While it is nil nobody can be looked up.
	Members Directory
}

// explained reports whether it is known who can act through the account.
func (au Authority) explained(email string) bool {
	a, ok := au.ActsFor[email]
	return ok && (len(a.Users) > 0 || a.Group != "")
}

// unknownAuthor says why it is not known who made one of the finding's changes; empty
// where it is.
func (au Authority) unknownAuthor(f finding.Finding) string { return f.UnknownAuthor(au.explained) }

// acting are the accounts through which somebody made one of the finding's changes, of
// whom only those who can are known.
func (au Authority) acting(f finding.Finding) []string { return f.ActingAccounts(au.explained) }

// authorship is whether somebody may be an author, in the words of who is in a group, and
// why. The zero authorship is that it could not be found out.
type authorship struct {
	standing Standing
	why      string
}

// authored says whether the principal may be an author of the finding's changes:
// whoever made one, and whoever can act through an account that did, where the log
// names nobody behind it.
func (au Authority) authored(f finding.Finding, principal string) authorship {
	if author := f.AuthorLike(principal); author != "" {
		who := principal
		if finding.MailOf(author) != finding.MailOf(who) {
			who += " may be the same person as " + author + ", who"
		}
		return authorship{Approver, who + " made this change"}
	}
	out := authorship{standing: NoApprover}
	for _, account := range au.acting(f) {
		m := au.mayAct(account, principal)
		switch m.Standing {
		case Approver:
			return authorship{Approver, fmt.Sprintf("%s can act through %s, which made this change,", principal, account)}
		case NoApprover:
		default:
			out = authorship{why: fmt.Sprintf("whether %s can act through %s, which made this change, could not be looked up; that is not a no%s",
				principal, account, failed(m))}
		}
	}
	return out
}

// mayAct says whether the principal can act through the account, as far as it was
// looked up: Approver is yes.
func (au Authority) mayAct(account, principal string) Membership {
	a := au.ActsFor[account]
	switch {
	case slices.ContainsFunc(a.Users, func(u string) bool { return finding.SamePerson(u, principal) }):
		return Membership{Standing: Approver}
	case a.Group == "":
		return Membership{Standing: NoApprover}
	}
	return au.known[lookup{account, finding.Canonical(principal)}]
}

// lookUpActing asks who of these people is in the groups of those who can act through
// the accounts behind the finding. It is always read anew: it matters only for what
// raises the exposure.
func (au Authority) lookUpActing(ctx context.Context, f finding.Finding, people []string) {
	for _, account := range au.acting(f) {
		a := au.ActsFor[account]
		for _, p := range people {
			at := lookup{account, finding.Canonical(p)}
			if _, done := au.known[at]; done || p == "" || a.Group == "" || a.Members == nil {
				continue
			}
			au.known[at] = FirstYes(finding.Spellings(p), func(as string) Membership { return ask(ctx, a.Members, as, true) })
		}
	}
}

// LeavesNobody says what nobody is left to decide of what the account did, as those who
// can act through it have no say; empty where somebody is, or where only the day can
// show who is in the groups of the approvers. It looks the named approvers up.
func (au Authority) LeavesNobody(ctx context.Context, account string) string {
	if au.Directory != nil && au.Only == nil {
		return ""
	}
	made := finding.Finding{Actors: []cloud.Actor{{Principal: "serviceAccount:" + account}}}
	au.known = map[lookup]Membership{}
	au.lookUpActing(ctx, made, au.named())
	var left, unsure []string
	for _, p := range au.named() {
		switch au.mayAct(account, p).Standing {
		case Approver:
		case NoApprover:
			left = append(left, p)
		default:
			unsure = append(unsure, p)
		}
	}
	var none []string
	for _, c := range []finding.Choice{finding.ChooseKeep, finding.ChooseExempt, finding.ChooseUndo} {
		if need := au.quorum(made, c); finding.People(left...) < need {
			none = append(none, fmt.Sprintf("%s (takes %d)", c, need))
		}
	}
	if len(none) == 0 {
		return ""
	}
	said := fmt.Sprintf("%d of %d approvers cannot act through %s: nobody can %s what it did", finding.People(left...), au.people(), account, strings.Join(none, ", "))
	if len(unsure) > 0 {
		said += fmt.Sprintf(", unless some of the %d who could not be looked up are among them%s", len(unsure), failed(au.mayAct(account, unsure[0])))
	}
	return said
}
