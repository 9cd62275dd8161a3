package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestS7WhatCannotBeRightIsAnAlarmAndAdmitsNobody(t *testing.T) {
	users := map[string]string{"U01": "user:ada@example.com", "U02": "user:bob@example.com", "U03": "user:Ada@example.com"}
	for _, tt := range []struct {
		name   string
		a      Approvers
		quorum Quorum
		denies bool // every answer
		alarms []string
	}{
		{"two people", Approvers{Users: users}, Quorum{1, 1, 2, 1}, false, nil},
		{"a group", Approvers{SlackUsergroups: []string{"S01ONCALL"}}, Quorum{1, 2, 9, 1}, false, nil},
		{"nobody", Approvers{}, Quorum{1, 1, 2, 1}, true, []string{"approvals.approvers: it names nobody; every answer is refused"}},
		{"a handle in place of an id, beside people", Approvers{Users: users, SlackUsergroups: []string{"@oncall"}}, Quorum{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: slack_usergroups: "@oncall" is not the id of a user group, such as S01ONCALL; every answer is refused`}},
		{"a channel in place of a group", Approvers{SlackUsergroups: []string{"C01SEC"}}, Quorum{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: slack_usergroups: "C01SEC" is not the id of a user group, such as S01ONCALL; every answer is refused`}},
		{"a group without an address", Approvers{GoogleGroups: []string{"oncall", "On Call <oncall@example.com>"}}, Quorum{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: google_groups: "oncall" is not a group's address; google_groups: "On Call <oncall@example.com>" is not a group's address; every answer is refused`}},
		{"a domain that is a pattern", Approvers{Users: users, Domains: []string{"*.example.com", ""}}, Quorum{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: domains: "*.example.com" is not a domain, such as example.com; domains: "" is not a domain, such as example.com; every answer is refused`}},
		{"more than there are people", Approvers{Users: users}, Quorum{3, 1, 2, 1}, false,
			[]string{"approvals.quorum.revert is 3, and approvals.approvers names 2: nobody can"}},
		{"one person in two spellings", Approvers{Users: map[string]string{"U01": "user:ada@example.com", "U02": "user:ada+2@example.com"}}, Quorum{1, 1, 2, 1}, false,
			[]string{"approvals.quorum.exempt is 2, and approvals.approvers names 1: nobody can"}},
		{"only those who are listed, and nobody is", Approvers{OnlyListed: true, GoogleGroups: []string{"g@example.com"}}, Quorum{1, 1, 2, 1}, true,
			[]string{"approvals.approvers: only_listed is true, and users names nobody; every answer is refused"}},
		{"more than are listed, whatever group they are in", Approvers{OnlyListed: true, Users: users, GoogleGroups: []string{"g@example.com"}}, Quorum{1, 3, 2, 1}, false,
			[]string{"approvals.quorum.keep is 3, and approvals.approvers names 2: nobody can"}},
	} {
		c := Approvals{Approvers: tt.a, Quorum: tt.quorum}
		if diff := cmp.Diff(tt.alarms, c.Alarms()); diff != "" {
			t.Errorf("%s: alarms (-want +got):\n%s", tt.name, diff)
		}
		if denies := c.Authority().Misconfigured != ""; denies != tt.denies {
			t.Errorf("%s: denies everybody: %v", tt.name, denies)
		}
	}
}

func TestTheDomainsOfThePeopleNamedAreThoseThatCount(t *testing.T) {
	a := Approvers{Users: map[string]string{"U1": "user:ada@Example.com", "U2": "user:bob@example.org"}, GoogleGroups: []string{"g@example.com"}}
	if diff := cmp.Diff([]string{"example.com", "example.org"}, a.MailDomains()); diff != "" || a.OpenDoor() != "" {
		t.Errorf("domains (-want +got):\n%s\nwarning %q", diff, a.OpenDoor())
	}
	a.Users = nil
	if len(a.MailDomains()) != 0 || a.OpenDoor() == "" {
		t.Errorf("with neither: domains %q, warning %q; want any, and a warning", a.MailDomains(), a.OpenDoor())
	}
	a.Domains = []string{"example.net"}
	if diff := cmp.Diff([]string{"example.net"}, a.MailDomains()); diff != "" || a.OpenDoor() != "" {
		t.Errorf("as configured (-want +got):\n%s\nwarning %q", diff, a.OpenDoor())
	}
}

func TestWithOnlyListedNoMailNamesAnybody(t *testing.T) {
	a := Approvers{OnlyListed: true, GoogleGroups: []string{"g@example.com"}}
	if a.OpenDoor() != "" || a.ByMail() {
		t.Errorf("the warning is %q, and mails name somebody: %t", a.OpenDoor(), a.ByMail())
	}
}

func TestSomebodyIsWhoTheConfigurationSaysInItsOwnSpelling(t *testing.T) {
	a := Approvals{Approvers: Approvers{Users: map[string]string{"U01": "user:Ada@Example.com"}}}
	for who, want := range map[string]string{"user:ada@example.com": "user:Ada@Example.com", "user:eve@example.com": "user:eve@example.com"} {
		if got := a.Spelled(who); got != want {
			t.Errorf("%s is %s, want %s", who, got, want)
		}
	}
}
