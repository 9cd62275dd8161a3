package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/state"
)

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
	s := strings.Replace(b.text(), "{users: {U01: user:ada@example.com, U02: user:jo@example.com}}", "{users: {U02: user:jo@example.com}, "+group+"}", 1)
	s = strings.Replace(s, "google: {", "google: {insecure: true, endpoints: {cloudidentity: '"+srv.URL+"'}, ", 1)
	write(b.t, b.config, s+more)
}

func TestServeWarnsWhereActsForLeavesNobodyToAnswer(t *testing.T) {
	_, keysURL := signer(t, "push@ops.iam.gserviceaccount.com")
	api := httptest.NewServer(membersOf("bob@example.com"))
	t.Cleanup(api.Close)
	s := startServe(t, strings.Replace(serveConfig(keysURL), "{run:", "{cloudidentity: '"+api.URL+"', run:", 1)+`approvals:
  approvers: {users: {U01: user:ada@example.com, U02: user:bob@example.com}}
  quorum: {exempt: 1}
  acts_for:
    one@ops.iam.gserviceaccount.com: {users: [user:ada@example.com]}
    both@ops.iam.gserviceaccount.com: {users: [user:ada+x@example.com, user:bob@example.com]}
    group@ops.iam.gserviceaccount.com: {users: [user:ada@example.com], group: ci-admins@example.com}
    half@ops.iam.gserviceaccount.com: {group: ci-admins@example.com}
`, anyPort)
	code, log := s.end(t)
	for account, warned := range map[string]bool{"one": false, "both": true, "group": true, "half": false} {
		account += "@ops.iam.gserviceaccount.com"
		want := "level=WARN msg=approvals.acts_for account=" + account + ` warning="0 of 2 approvers cannot act through ` + account + `: nobody can keep (takes 1), exempt (takes 1), undo (takes 1) what it did"`
		if code != exitOK || strings.Contains(log, want) != warned {
			t.Errorf("exit %d, %s: warned of %t, want %t:\n%s", code, account, !warned, warned, log)
		}
	}
}

func TestServeWarnsWhereItCannotBeToldWhomActsForLeaves(t *testing.T) {
	_, keysURL := signer(t, "push@ops.iam.gserviceaccount.com")
	s := startServe(t, serveConfig(keysURL)+`approvals:
  approvers: {users: {U01: user:ada@example.com}}
  acts_for: {ci@ops.iam.gserviceaccount.com: {group: ci-admins@example.com}}
`, anyPort)
	_, log := s.end(t)
	for _, want := range []string{
		"nobody can keep (takes 1), exempt (takes 2), undo (takes 1) what it did, unless some of the 1 who could not be looked up are among them (Google group ci-admins@example.com: could not be looked up",
		"approvals.approvers names 1: nobody can keep, exempt or undo a change whose author is not known",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in:\n%s", want, log)
		}
	}
}

func TestOnTheCommandLineWhoCanActThroughAnAccountKeepsNothingItDid(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	f := newFinding(askedID, state.Pending)
	f.Actors = []cloud.Actor{{Principal: "serviceAccount:ci@ops.iam.gserviceaccount.com"}}
	b.keep(f)
	b.grouped("google_groups: [ci-admins@example.com]", "", membersOf("ada@example.com"))
	write(t, b.config, strings.Replace(b.text(), "approvals: {", "approvals: {acts_for: {ci@ops.iam.gserviceaccount.com: {group: ci-admins@example.com}}, ", 1))
	b.fails(exitFailed, "user:ada@example.com can act through ci@ops.iam.gserviceaccount.com, which made this change, and cannot keep it", "findings keep", "--reason", "by design", askedID)
	if out := b.ran("findings show", askedID); !strings.Contains(out, "not members of ci-admins@example.com to keep or exempt") {
		t.Errorf("the finding is shown as\n%s", out)
	}
	b.who = "jo@example.com"
	b.ran("findings keep", "--reason", "by design", askedID)
}

// text is the bureau's configuration.
func (b *bureau) text() string {
	b.t.Helper()
	text, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
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

func TestTheCommandLineTakesNobodyWhoIsNotListedWhereOnlyTheyCount(t *testing.T) {
	b := newBureau(t, "eve@example.com") // who is in the group
	b.keep(newFinding(askedID, state.Pending))
	b.grouped("google_groups: [oncall@example.com], only_listed: true", "", membersOf("eve@example.com", "ada+2@example.com", "ada@example.com"))
	refuses := func(who string) {
		t.Helper()
		b.who = who
		b.fails(exitFailed, "user:"+who+" is not an approver", "findings keep", "--reason", "by design", askedID)
	}
	refuses("eve@example.com")
	refuses("jo@example.com") // who is listed, and not in the group
	text := b.text()
	write(t, b.config, strings.Replace(text, "U02: user:jo@example.com", "U02: user:jo@example.com, U01: user:ada@example.com", 1))
	refuses("ada+2@example.com") // who may be somebody listed
	b.who = "ada@example.com"
	b.ran("findings keep", "--reason", "by design", askedID)
}

// membersOf is the API of a Google group of these people.
func membersOf(mails ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":lookup") {
			fmt.Fprint(w, `{"name":"groups/1"}`)
			return
		}
		is := slices.ContainsFunc(mails, func(m string) bool { return strings.Contains(r.URL.Query().Get("query"), "'"+m+"'") })
		fmt.Fprintf(w, `{"hasMembership":%v}`, is)
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
