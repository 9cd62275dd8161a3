package config

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// acting is who can act through each account, by its e-mail in lower case. Who is in a
// group is left out: that is looked up.
func (a Approvals) acting() map[string]authority.Acting {
	out := map[string]authority.Acting{}
	for account, by := range a.ActsFor {
		out[strings.ToLower(account)] = authority.Acting{Users: by.Users, Group: by.Group}
	}
	return out
}

// ActsForGroups are the groups of approvals.acts_for, by the e-mail of the account in
// lower case.
func (a Approvals) ActsForGroups() map[string]string {
	out := map[string]string{}
	for account, by := range a.acting() {
		if by.Group != "" {
			out[account] = by.Group
		}
	}
	return out
}

func (a Approvals) checkActsFor(k *checks) {
	seen := map[string]string{}
	for _, account := range slices.Sorted(maps.Keys(a.ActsFor)) {
		by, at := a.ActsFor[account], "approvals.acts_for."+account
		k.refuse(finding.AccountOf(account) == strings.ToLower(account), at,
			"approvals.acts_for: %q is not the e-mail of a service account, such as ci@ops.iam.gserviceaccount.com", account)
		other := seen[strings.ToLower(account)]
		k.refuse(other == "", at, "approvals.acts_for: %s is there twice, also as %s", account, other)
		seen[strings.ToLower(account)] = account
		k.refuse(len(by.Users) > 0 || by.Group != "", at,
			"approvals.acts_for of %s names nobody, want users or a group: leave the account out if it is not known who can act through it", account)
		for i, u := range by.Users {
			email, ok := strings.CutPrefix(u, "user:")
			k.refuse(ok && strings.Contains(email, "@"), fmt.Sprintf("%s.users[%d]", at, i),
				"approvals.acts_for of %s: %q is not user:E-MAIL, as the audit log names people", account, u)
		}
		if by.Group != "" {
			address, err := mail.ParseAddress(by.Group)
			k.refuse(err == nil && address.Address == by.Group, at+".group", "approvals.acts_for of %s: %q is not a group's address", account, by.Group)
		}
	}
}

// ActsForAlarm says that everybody who may answer can act through the account, as far
// as the file tells of groups: where the same group does both and nobody else answers.
// It is empty where somebody else may be left.
func (a Approvals) ActsForAlarm(account string) string {
	by, from := a.acting()[account], a.Approvers
	same := func(g string) bool { return strings.EqualFold(g, by.Group) }
	acts := func(u string) bool {
		return slices.ContainsFunc(by.Users, func(o string) bool { return finding.SamePerson(o, u) })
	}
	switch {
	case by.Group == "" || from.OnlyListed || len(from.SlackUsergroups) > 0 || len(from.GoogleGroups) == 0:
		return ""
	case slices.ContainsFunc(from.GoogleGroups, func(g string) bool { return !same(g) }):
		return ""
	case slices.ContainsFunc(slices.Collect(maps.Values(from.Users)), func(u string) bool { return !acts(u) }):
		return ""
	}
	return fmt.Sprintf("everybody who may answer is in %s, which can act through %s: nobody can keep, exempt or undo what it did", by.Group, account)
}

// UnknownAuthorAlarm says that nobody can let stand what has no known author, as too
// few may answer; empty where enough may.
func (a Approvals) UnknownAuthorAlarm() string {
	if n := a.Approvers.people(); n == 1 && (!a.Approvers.Grouped() || a.Approvers.OnlyListed) {
		return "approvals.approvers names 1: nobody can keep, exempt or undo a change whose author is not known, as by a service account that approvals.acts_for does not have; that takes 2"
	}
	return ""
}
