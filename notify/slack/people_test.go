package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// crowd is a workspace of which only the people matter.
type crowd struct {
	*simslack.Workspace
	url string
}

func newCrowd(t *testing.T) crowd {
	t.Helper()
	s := simslack.New(simslack.Config{
		Token: "xoxb-1", SigningSecret: "s", Team: "T01", App: "A01", Groups: map[string][]string{"S01": {"U01"}, "S02": {}},
		Users: []simslack.User{{ID: "U01", Name: "ada", Email: "Ada@example.com"}},
	})
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(srv.Close)
	return crowd{s, srv.URL + "/api/"}
}

func (c crowd) people(t *testing.T, change ...func(*slack.PeopleConfig)) *slack.People {
	t.Helper()
	pc := slack.PeopleConfig{Token: "xoxb-1", APIURL: c.url, Team: "T01", Groups: []string{"S01"}, ByMail: true, Domains: []string{"example.com"}}
	for _, f := range change {
		f(&pc)
	}
	p, err := slack.NewPeople(pc)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func classOf(err error) finding.RefusedClass {
	var refused *finding.RefusedError
	if errors.As(err, &refused) {
		return refused.Class
	}
	return ""
}

func TestS6WhoAClickerIsAllowedToBe(t *testing.T) {
	for _, tt := range []struct {
		name string
		user simslack.User
		says string // of the refusal; empty for none
	}{
		{"a member", simslack.User{Email: "bob@example.com"}, ""},
		{"one of whose mail Slack says nothing", simslack.User{Email: "bob@example.com", Unsaid: true}, ""},
		{"deactivated", simslack.User{Email: "bob@example.com", Deleted: true}, "deactivated"},
		{"a bot", simslack.User{Email: "bob@example.com", Bot: true}, "bots"},
		{"a guest", simslack.User{Email: "bob@example.com", Guest: true}, "guests"},
		{"a guest of one channel", simslack.User{Email: "bob@example.com", Ultra: true}, "guests"},
		{"a stranger", simslack.User{Email: "bob@example.com", Stranger: true}, "other workspaces"},
		{"of another workspace", simslack.User{Email: "bob@example.com", Team: "T02"}, "other workspaces"},
		{"with an unconfirmed mail", simslack.User{Email: "bob@example.com", Unconfirmed: true}, "not confirmed"},
	} {
		c := newCrowd(t)
		tt.user.ID = "U07"
		c.SetUser(tt.user)
		named := c.people(t, func(pc *slack.PeopleConfig) {
			pc.ByMail, pc.Users = false, map[string]string{"U07": "user:bob@example.com"}
		})
		for how, p := range map[string]*slack.People{"by mail": c.people(t), "by name": named} {
			got, err := p.Principal(t.Context(), "U07")
			switch {
			case tt.says == "" && (err != nil || got != "user:bob@example.com"):
				t.Errorf("%s, %s: %q, %v; want bob", tt.name, how, got, err)
			case tt.says != "" && (got != "" || classOf(err) != finding.ClassIdentity || !strings.Contains(err.Error(), tt.says)):
				t.Errorf("%s, %s: %q, %v; want it refused, saying %q", tt.name, how, got, err, tt.says)
			}
		}
		c.SetGroup("S01", "U07")
		m, err := c.people(t).Approver(t.Context(), "user:bob@example.com", true)
		if err != nil || (m.Standing == authority.Approver) != (tt.says == "") || m.Standing == authority.Undetermined {
			t.Errorf("%s, as a member of the group: %q, %v", tt.name, m.Standing, err)
		}
	}
}

func TestS15TheMailIsThePrincipal(t *testing.T) {
	c := newCrowd(t)
	c.SetUser(simslack.User{ID: "U02", Email: "ADA@Example.com"})
	c.SetUser(simslack.User{ID: "U03", Email: "eve@example.org"})
	p := c.people(t)
	for _, id := range []string{"U01", "U02"} {
		if got, err := p.Principal(t.Context(), id); err != nil || got != "user:ada@example.com" {
			t.Errorf("%s is %q (%v), want the one principal of the one mail", id, got, err)
		}
	}
	if got, err := p.Principal(t.Context(), "U03"); got != "" || classOf(err) != finding.ClassIdentity || !strings.Contains(err.Error(), "example.org") {
		t.Errorf("of another domain: %q, %v", got, err)
	}
	c.SetUser(simslack.User{ID: "U02", Email: "carol@example.com"})
	if got, err := p.Principal(t.Context(), "U02"); err != nil || got != "user:carol@example.com" {
		t.Errorf("once the mail has changed: %q, %v; want who they are now", got, err)
	}
	if got, err := c.people(t, func(pc *slack.PeopleConfig) { pc.ByMail = false }).Principal(t.Context(), "U01"); got != "" || err != nil {
		t.Errorf("without groups, somebody who is not named: %q, %v; want nobody", got, err)
	}
	for _, mail := range []string{"", "ada", "@example.com", "ada@", "ada@evil.org@example.com", "bo\u212a@example.com", "deleted:ada@example.com", "a da@example.com"} {
		c.SetUser(simslack.User{ID: "U04", Email: mail})
		if got, err := p.Principal(t.Context(), "U04"); got != "" || err == nil {
			t.Errorf("mail %q: %q, %v; want nobody", mail, got, err)
		}
	}
}

func TestS6MembershipOfAUserGroup(t *testing.T) {
	fails := func(method string, f simslack.Fault) func(crowd) {
		return func(c crowd) {
			c.Inject(func(m string) *simslack.Fault {
				if m != method {
					return nil
				}
				return &f
			})
		}
	}
	for _, tt := range []struct {
		name, principal string
		groups          []string
		before          func(crowd)
		want            authority.Standing
		says            string
	}{
		{name: "a member", want: authority.Approver, says: "S01: a member"},
		{name: "a member of the second group", groups: []string{"S02", "S01"}, want: authority.Approver},
		{name: "no member", groups: []string{"S02"}, want: authority.NoApprover, says: "S02: not a member"},
		{name: "without an account", principal: "user:zoe@example.com", want: authority.NoApprover, says: "nobody in the workspace"},
		{name: "a robot", principal: "serviceAccount:x@p.iam.gserviceaccount.com", want: authority.NoApprover},
		{name: "no such group", groups: []string{"S02", "S99"}, says: "no_such_subteam"},
		{name: "a member in spite of a group that is gone", groups: []string{"S99", "S01"}, want: authority.Approver},
		{name: "without a paid plan", before: fails("usergroups.users.list", simslack.Fault{Status: 200, Body: `{"ok":false,"error":"plan_upgrade_required"}`}), says: "plan_upgrade_required"},
		{name: "with the user look-up down", before: fails("users.lookupByEmail", simslack.Fault{Status: 500}), says: "HTTP 500"},
		{name: "with the group limited", before: fails("usergroups.users.list", simslack.Fault{Status: 429, RetryAfter: "1.5"}), says: "HTTP 429"},
		{name: "with an answer that is lost", before: fails("usergroups.users.list", simslack.Fault{Drop: true}), says: "no answer"},
		{name: "with an answer that is none", before: fails("usergroups.users.list", simslack.Fault{Status: 200, Body: `{"ok":true}`}), says: "lists no members"},
		{name: "with somebody else's answer", before: fails("users.lookupByEmail", simslack.Fault{Status: 200,
			Body: `{"ok":true,"user":{"id":"U01","team_id":"T01","profile":{"email":"eve@example.com"}}}`}), says: "another mail"},
		{name: "with a page instead of an answer", before: fails("users.lookupByEmail", simslack.Fault{Status: 200, Body: `<html>`}), says: "not JSON"},
	} {
		c := newCrowd(t)
		if tt.before != nil {
			tt.before(c)
		}
		p := c.people(t, func(pc *slack.PeopleConfig) {
			if tt.groups != nil {
				pc.Groups = tt.groups
			}
		})
		if tt.principal == "" {
			tt.principal = "user:ada@example.com"
		}
		m, err := p.Approver(t.Context(), tt.principal, true)
		if err != nil || m.Standing != tt.want || !strings.Contains(fmt.Sprint(m.Evidence), tt.says) {
			t.Errorf("%s: %q, %v, %v; want %q, saying %q", tt.name, m.Standing, m.Evidence, err, tt.want, tt.says)
		}
	}
}

func TestI11AClickerWhoCannotBeLookedUpIsNobodyYet(t *testing.T) {
	for name, body := range map[string]string{
		"missing scope":  `{"ok":false,"error":"missing_scope"}`,
		"no workspace":   `{"ok":true,"user":{"id":"U01"}}`,
		"somebody else":  `{"ok":true,"user":{"id":"U02","team_id":"T01","profile":{"email":"ada@example.com"}}}`,
		"no mail":        `{"ok":true,"user":{"id":"U01","team_id":"T01"}}`,
		"a page":         `<html>`,
		"no such person": `{"ok":false,"error":"user_not_found"}`,
		"other types":    `{"ok":true,"user":{"id":"U01","team_id":"T01","deleted":"no"}}`,
	} {
		c := newCrowd(t)
		c.Inject(func(string) *simslack.Fault { return &simslack.Fault{Status: http.StatusOK, Body: body} })
		named := func(pc *slack.PeopleConfig) {
			pc.Users = map[string]string{"U01": "user:ada@example.com"}
		}
		if got, err := c.people(t, named).Principal(t.Context(), "U01"); name != "no mail" && (got != "" || err == nil || classOf(err) != "") {
			t.Errorf("%s, somebody who is named: %q, %v; want that it could not be looked up", name, got, err)
		}
		if got, err := c.people(t).Principal(t.Context(), "U01"); got != "" || err == nil || classOf(err) != "" {
			t.Errorf("%s: %q, %v; want that it could not be looked up", name, got, err)
		}
	}
}

func TestPeopleSayWhatTheyLack(t *testing.T) {
	for _, c := range []slack.PeopleConfig{{Team: "T01"}, {Token: "xoxb-1"}} {
		if _, err := slack.NewPeople(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// Of whom the configuration names, the id says who they are, and not the mail.
func TestS6MembershipOfWhoeverIsNamedIsThatOfTheirId(t *testing.T) {
	c := newCrowd(t)
	c.SetUser(simslack.User{ID: "U05", Email: "another@example.com"})
	c.SetUser(simslack.User{ID: "U06", Email: "ada@example.org"})
	c.SetGroup("S01", "U05")
	for _, tt := range []struct {
		name  string
		users map[string]string
		fault string // the method that fails
		want  authority.Standing
	}{
		{"whose mail Slack has otherwise", map[string]string{"U05": "user:Ada@example.com"}, "", authority.Approver},
		{"whose mail is that of another account", map[string]string{"U06": "user:ada@example.com"}, "", authority.NoApprover},
		{"with two accounts, one of them in the group", map[string]string{"U05": "user:ada@example.com", "U06": "user:ada@example.com"}, "", authority.Approver},
		{"who left the workspace", map[string]string{"U99": "user:ada@example.com"}, "", authority.NoApprover},
		{"who cannot be looked up", map[string]string{"U05": "user:ada@example.com"}, "users.info", authority.Undetermined},
		{"whose group cannot be looked up", map[string]string{"U06": "user:ada@example.com"}, "usergroups.users.list", authority.Undetermined},
		{"who is not named", map[string]string{"U05": "user:bob@example.com"}, "", authority.NoApprover},
	} {
		c.Inject(func(m string) *simslack.Fault {
			if m == tt.fault {
				return &simslack.Fault{Status: 500}
			}
			return nil
		})
		p := c.people(t, func(pc *slack.PeopleConfig) { pc.ByMail, pc.Users = false, tt.users })
		if m, err := p.Approver(t.Context(), "user:ada@example.com", true); err != nil || m.Standing != tt.want {
			t.Errorf("%s: %q, %v (%v); want %q", tt.name, m.Standing, m.Evidence, err, tt.want)
		}
	}
}
