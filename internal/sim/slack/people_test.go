package slack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// who is what of a user an app decides by.
func who(o any) map[string]any {
	out := map[string]any{}
	for _, k := range []string{"team_id", "deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger", "is_email_confirmed"} {
		if v := dig(o, k); v != nil && v != false {
			out[k] = v
		}
	}
	return out
}

// https://docs.slack.dev/reference/objects/user-object
func TestSlackTellsWhoAUserIs(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		user     simslack.User
		want     map[string]any
	}{
		{"a member", simslack.User{}, map[string]any{"team_id": "T01", "is_email_confirmed": true}},
		{"one of another workspace", simslack.User{Team: "T99"}, map[string]any{"team_id": "T99", "is_email_confirmed": true}},
		{"one who left", simslack.User{Deleted: true}, map[string]any{"team_id": "T01", "deleted": true, "is_email_confirmed": true}},
		{"a guest", simslack.User{Guest: true}, map[string]any{"team_id": "T01", "is_restricted": true, "is_email_confirmed": true}},
		{
			"a guest of one channel, who is restricted as well", simslack.User{Ultra: true},
			map[string]any{"team_id": "T01", "is_restricted": true, "is_ultra_restricted": true, "is_email_confirmed": true},
		},
		{"a stranger", simslack.User{Stranger: true}, map[string]any{"team_id": "T01", "is_stranger": true, "is_email_confirmed": true}},
		{"a bot", simslack.User{Bot: true}, map[string]any{"team_id": "T01", "is_bot": true, "is_email_confirmed": true}},
		{"an e-mail that is not confirmed", simslack.User{Unconfirmed: true}, map[string]any{"team_id": "T01"}},
		{"an e-mail of which nothing is said", simslack.User{Unsaid: true}, map[string]any{"team_id": "T01"}},
	} {
		o := newOffice(t)
		tc.user.ID, tc.user.Email = "U07", "eve@example.com"
		o.SetUser(tc.user)
		got := o.call(t, "users.info", "user", "U07")["user"]
		if diff := cmp.Diff(tc.want, who(got)); diff != "" || dig(got, "profile", "email") != "eve@example.com" {
			t.Errorf("%s, with the e-mail %v (-want +got):\n%s", tc.sentence, dig(got, "profile", "email"), diff)
		}
		said := got.(map[string]any)
		if _, there := said["is_email_confirmed"]; there == tc.user.Unsaid {
			t.Errorf("%s: is_email_confirmed is there: %t", tc.sentence, there)
		}
	}
}

func TestAPersonIsFoundByTheirEmail(t *testing.T) {
	o := newOffice(t)
	o.SetUser(simslack.User{ID: "U08", Email: "gone@example.com", Deleted: true})
	for email, want := range map[string]any{"ada@example.com": "U01", "Ada@Example.COM": "U01", "gone@example.com": nil, "nobody@example.com": nil, "": nil} {
		got := o.call(t, "users.lookupByEmail", "email", email)
		if id := dig(got, "user", "id"); id != want || (want == nil) != (got["error"] == "users_not_found") {
			t.Errorf("%q: %v", email, got)
		}
	}
}

func TestAGroupIsWhoIsInItNow(t *testing.T) {
	o := newOffice(t)
	members := func() any { return o.call(t, "usergroups.users.list", "usergroup", "S01")["users"] }
	if diff := cmp.Diff([]any{"U01"}, members()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	o.SetGroup("S01", "U02", "U03")
	if diff := cmp.Diff([]any{"U02", "U03"}, members()); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
	o.SetGroup("S02")
	var ids []any
	for _, g := range o.call(t, "usergroups.list")["usergroups"].([]any) {
		ids = append(ids, dig(g, "id"))
	}
	if diff := cmp.Diff([]any{"S01", "S02"}, ids); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func TestWhoeverIsSetIsSeen(t *testing.T) {
	o := newOffice(t)
	o.SetUser(simslack.User{ID: "U00", Name: "zoe"})
	o.SetUser(simslack.User{ID: "U02", Name: "bob"}) // no guest any more
	want := []simslack.User{
		{ID: "U00", Name: "zoe", Team: "T01"}, {ID: "U01", Name: "ada", Email: "ada@example.com", Team: "T01"}, {ID: "U02", Name: "bob", Team: "T01"},
	}
	if diff := cmp.Diff(want, o.Users()); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
}
