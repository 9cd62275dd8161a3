package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestS7WhatCannotBeRightIsAnAlarmAndAdmitsNobody(t *testing.T) {
	users := map[string]string{"U01": "user:ada@example.com", "U02": "user:bob@example.com", "U03": "user:Ada@example.com"}
	for _, tt := range []struct {
		name   string
		a      approversConfig
		quorum quorumConfig
		denies bool // every answer
		alarms []string
	}{
		{"two people", approversConfig{Users: users}, quorumConfig{1, 1, 2, 1}, false, nil},
		{"a group", approversConfig{SlackUsergroups: []string{"S01ONCALL"}}, quorumConfig{1, 2, 9, 1}, false, nil},
		{"nobody", approversConfig{}, quorumConfig{1, 1, 2, 1}, true, []string{"approvals.approvers: it names nobody; every answer is refused"}},
		{"a handle in place of an id, beside people", approversConfig{Users: users, SlackUsergroups: []string{"@oncall"}}, quorumConfig{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: slack_usergroups: "@oncall" is not the id of a user group, such as S01ONCALL; every answer is refused`}},
		{"a channel in place of a group", approversConfig{SlackUsergroups: []string{"C01SEC"}}, quorumConfig{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: slack_usergroups: "C01SEC" is not the id of a user group, such as S01ONCALL; every answer is refused`}},
		{"a group without an address", approversConfig{GoogleGroups: []string{"oncall", "On Call <oncall@example.com>"}}, quorumConfig{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: google_groups: "oncall" is not a group's address; google_groups: "On Call <oncall@example.com>" is not a group's address; every answer is refused`}},
		{"a domain that is a pattern", approversConfig{Users: users, Domains: []string{"*.example.com", ""}}, quorumConfig{1, 1, 2, 1}, true,
			[]string{`approvals.approvers: domains: "*.example.com" is not a domain, such as example.com; domains: "" is not a domain, such as example.com; every answer is refused`}},
		{"more than there are people", approversConfig{Users: users}, quorumConfig{3, 1, 2, 1}, false,
			[]string{"approvals.quorum.revert is 3, and approvals.approvers names 2: nobody can"}},
	} {
		c := approvalsConfig{Approvers: tt.a, Quorum: tt.quorum}
		if diff := cmp.Diff(tt.alarms, c.alarms()); diff != "" {
			t.Errorf("%s: alarms (-want +got):\n%s", tt.name, diff)
		}
		if denies := authority(c).Misconfigured != ""; denies != tt.denies {
			t.Errorf("%s: denies everybody: %v", tt.name, denies)
		}
	}
}

func TestTheDomainsOfThePeopleNamedAreThoseThatCount(t *testing.T) {
	a := approversConfig{Users: map[string]string{"U1": "user:ada@Example.com", "U2": "user:bob@example.org"}, GoogleGroups: []string{"g@example.com"}}
	if diff := cmp.Diff([]string{"example.com", "example.org"}, a.domains()); diff != "" || a.openDoor() != "" {
		t.Errorf("domains (-want +got):\n%s\nwarning %q", diff, a.openDoor())
	}
	a.Users = nil
	if len(a.domains()) != 0 || a.openDoor() == "" {
		t.Errorf("with neither: domains %q, warning %q; want any, and a warning", a.domains(), a.openDoor())
	}
	a.Domains = []string{"example.net"}
	if diff := cmp.Diff([]string{"example.net"}, a.domains()); diff != "" || a.openDoor() != "" {
		t.Errorf("as configured (-want +got):\n%s\nwarning %q", diff, a.openDoor())
	}
}

func TestServeSaysThatNobodyCanAnswer(t *testing.T) {
	_, keysURL := signer(t, "push@ops.iam.gserviceaccount.com")
	s := startServe(t, serveConfig(keysURL)+"approvals: {approvers: {slack_usergroups: ['@oncall']}, step_up: [critical]}\n", nil)
	code, log := s.end(t)
	for _, want := range []string{`level=ERROR msg=approvers alarm="approvals.approvers: slack_usergroups: \"@oncall\" is not the id`, "step_up is asked for, and iap.audience is empty"} {
		if code != exitOK || !strings.Contains(log, want) {
			t.Errorf("exit %d, no %q in:\n%s", code, want, log)
		}
	}
}

// grouped has the bureau's approvers be a Google group beside jo, with the API
// at the address, and more of the configuration on top.
func (b *bureau) grouped(group, more string, api http.Handler) {
	b.t.Helper()
	srv := httptest.NewServer(api)
	b.t.Cleanup(srv.Close)
	text, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	s := strings.Replace(string(text), "{users: {U01: user:ada@example.com, U02: user:jo@example.com}}", "{users: {U02: user:jo@example.com}, "+group+"}", 1)
	s = strings.Replace(s, "google: {", "google: {insecure: true, endpoints: {cloudidentity: '"+srv.URL+"'}, ", 1)
	write(b.t, b.config, s+more)
}

func TestTheCommandLineAsksTheGroups(t *testing.T) {
	down := false
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case down:
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, ":lookup"):
			fmt.Fprint(w, `{"name":"groups/1"}`)
		default:
			fmt.Fprintf(w, `{"hasMembership":%v}`, strings.Contains(r.URL.Query().Get("query"), "'ada@example.com'"))
		}
	})
	b := newBureau(t, "eve@example.com")
	b.keep(newFinding(askedID, state.Pending))
	b.grouped("google_groups: [oncall@example.com]", "", api)
	b.fails(exitFailed, "user:eve@example.com is not an approver", "findings keep", "--reason", "by design", askedID)
	b.who, down = "ada@example.com", true
	b.fails(exitFailed, "whether user:ada@example.com may answer could not be looked up; that is not a no", "findings keep", "--reason", "by design", askedID)
	down = false
	b.ran("findings keep", "--reason", "by design", askedID)
	b.with(func(s *bolt.Store) {
		if f, err := s.Finding(t.Context(), askedID); err != nil || f.State != state.Kept || f.Revision != 2 {
			t.Errorf("%s at revision %d (%v), want kept by the one answer that counted", f.State, f.Revision, err)
		}
	})
}

func TestAGroupThatTheCommandLineCannotReachIsNoAnswer(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.keep(newFinding(askedID, state.Pending))
	b.grouped("slack_usergroups: [S01ONCALL]", "slack: {bot_token: {env: NOT_SET}, signing_secrets: [{env: S}], team: T1, routes: [{channel: C1}]}\n", http.NotFoundHandler())
	b.fails(exitFailed, "environment variable NOT_SET is not set", "findings keep", "--reason", "by design", askedID)
	b.who = "jo@example.com" // who is named, so no group is asked
	b.ran("findings revert", askedID)
}
