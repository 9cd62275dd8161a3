package authority

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Needs says who it takes to answer the finding: how many of how many, who of
// them has no say as they may have made the change, why it takes more than is
// configured, and what nobody is left for. It reads
// nothing but the finding and the configuration, so it is the same each time.
func (au Authority) Needs(f finding.Finding) string {
	if au.Misconfigured != "" {
		return "nobody may answer: the configuration of the approvers is wrong"
	}
	choices := f.Choices()
	if f.UndoOf == "" && !f.Plan.Executable() {
		choices = choices[1:] // there is nothing to revert
	}
	first, all := au.quorum(f, choices[0]), au.people()
	s := fmt.Sprintf("%d of %d approvers", first, all)
	if au.Directory != nil {
		s = fmt.Sprintf("%d approver", first) + map[bool]string{true: "", false: "s"}[first == 1]
	}
	barred := au.barred(f)
	if groups := au.groupsBarred(f); len(barred)+len(groups) > 0 {
		s += ", not " + few(append(groups, barred...))
		if choices[0] == finding.ChooseRevert {
			s += " to keep or exempt"
		}
	}
	for _, c := range choices {
		left, need := all, au.quorum(f, c)
		if finding.Raises(c) {
			left -= len(barred)
		}
		switch {
		case au.Directory == nil && left < need:
			s += fmt.Sprintf("; nobody can %s it: that takes %d, and %d may", c, need, max(0, left))
		case need != first:
			s += fmt.Sprintf("; %d to %s", need, c)
		}
	}
	if why := au.unknownAuthor(f); why != "" && slices.ContainsFunc(choices, func(c finding.Choice) bool { return au.configured(c) < au.quorum(f, c) }) {
		s += "; it takes two people because " + why
	}
	if au.StepsUp(f) {
		s += "; on the finding's page alone"
	}
	return s
}

// mayHold reports whether somebody who may be the principal is an approver, as far
// as the configuration tells.
func (au Authority) mayHold(principal string) bool {
	if au.Only != nil && !mayName(au.Only, principal) {
		return false
	}
	return au.Directory != nil || mayName(au.Approvers, principal)
}

// barred are the approvers who made the change, or can act through an account that
// did, by the mail that the log or the configuration has for them. Whether somebody in
// a group did is not looked up for a card: every person among the authors is named.
func (au Authority) barred(f finding.Finding) []string {
	authors := f.Authors()
	for _, account := range au.acting(f) {
		authors = append(authors, au.ActsFor[account].Users...)
	}
	var out []string
	for _, p := range authors {
		mail := finding.MailOf(p)
		if mail == "" || !au.mayHold(p) ||
			slices.ContainsFunc(out, func(o string) bool { return finding.SamePerson("user:"+o, p) }) {
			continue
		}
		out = append(out, mail)
	}
	return out
}

// groupsBarred are the groups whose members can act through an account that made the
// change, in words.
func (au Authority) groupsBarred(f finding.Finding) []string {
	var out []string
	for _, account := range au.acting(f) {
		if g := au.ActsFor[account].Group; g != "" && !slices.Contains(out, "members of "+g) {
			out = append(out, "members of "+g)
		}
	}
	return out
}

// maxNamed is how many people a sentence names.
const maxNamed = 5

// few names a few people, and counts the rest.
func few(names []string) string {
	if len(names) > maxNamed {
		names = append(slices.Clone(names[:maxNamed]), fmt.Sprintf("%d more", len(names)-maxNamed))
	}
	return strings.Join(names, ", ")
}
