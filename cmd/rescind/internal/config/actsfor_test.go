package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate/authority"
)

const ciAccount = "ci@ops.iam.gserviceaccount.com"

func TestWhoCanActThroughAnAccountIsReadByItsMailInLowerCase(t *testing.T) {
	c, err := Load(fileOf(t, smallConfig+"approvals: {acts_for: {CI@ops.iam.gserviceaccount.com: {users: [user:ada@example.com]}, 264172533001@cloudbuild.gserviceaccount.com: {group: g@example.com}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]authority.Acting{ciAccount: {Users: []string{"user:ada@example.com"}}, "264172533001@cloudbuild.gserviceaccount.com": {Group: "g@example.com"}}
	if diff := cmp.Diff(want, c.Approvals.Authority().ActsFor); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"264172533001@cloudbuild.gserviceaccount.com": "g@example.com"}, c.Approvals.ActsForGroups()); diff != "" {
		t.Errorf("groups: -want +got:\n%s", diff)
	}
}

func TestAnAccountThatLeavesNobodyIsSaidWhereTheFileTells(t *testing.T) {
	group := func(g string) map[string]ActsFor {
		return map[string]ActsFor{ciAccount: {Group: g, Users: []string{"user:jo@example.com"}}}
	}
	for _, tt := range []struct {
		name   string
		a      Approvers
		acts   map[string]ActsFor
		alarms bool
	}{
		{"the only group of approvers", Approvers{GoogleGroups: []string{"Oncall@example.com"}}, group("oncall@example.com"), true},
		{"that, and somebody who can as well", Approvers{GoogleGroups: []string{"oncall@example.com"}, Users: map[string]string{"U1": "user:jo+2@example.com"}}, group("oncall@example.com"), true},
		{"that, and somebody else", Approvers{GoogleGroups: []string{"oncall@example.com"}, Users: map[string]string{"U1": "user:bob@example.com"}}, group("oncall@example.com"), false},
		{"that, and a group of Slack", Approvers{GoogleGroups: []string{"oncall@example.com"}, SlackUsergroups: []string{"S01"}}, group("oncall@example.com"), false},
		{"one of two groups", Approvers{GoogleGroups: []string{"oncall@example.com", "sec@example.com"}}, group("oncall@example.com"), false},
		{"another group", Approvers{GoogleGroups: []string{"sec@example.com"}}, group("oncall@example.com"), false},
		{"people, and a group", Approvers{GoogleGroups: []string{"oncall@example.com"}}, map[string]ActsFor{ciAccount: {Users: []string{"user:jo@example.com"}}}, false},
	} {
		if w := (Approvals{Approvers: tt.a, ActsFor: tt.acts}).ActsForAlarm(ciAccount); (w != "") != tt.alarms {
			t.Errorf("%s: %q", tt.name, w)
		}
	}
}

func TestOneApproverCannotLetStandWhatHasNoKnownAuthor(t *testing.T) {
	one := map[string]string{"U1": "user:ada@example.com", "U2": "user:ada+2@example.com"}
	for name, tt := range map[string]struct {
		a      Approvers
		alarms bool
	}{
		"one":                       {Approvers{Users: one}, true},
		"one, whatever groups say":  {Approvers{Users: one, OnlyListed: true, GoogleGroups: []string{"g@example.com"}}, true},
		"one, and a group":          {Approvers{Users: one, GoogleGroups: []string{"g@example.com"}}, false},
		"two":                       {Approvers{Users: map[string]string{"U1": "user:ada@example.com", "U2": "user:bob@example.com"}}, false},
		"nobody, which is said too": {Approvers{}, false},
	} {
		if w := (Approvals{Approvers: tt.a}).UnknownAuthorAlarm(); (w != "") != tt.alarms {
			t.Errorf("%s: %q", name, w)
		}
	}
}
