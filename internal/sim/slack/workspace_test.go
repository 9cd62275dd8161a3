package slack_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

const card = `[{"type":"section","text":{"type":"mrkdwn","text":"hello"}},
 {"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"app.yes","value":"v","text":{"type":"plain_text","text":"Yes"}}]}]`

// chat is a simulated Slack on loopback, with a clock that stands.
type chat struct {
	*simslack.Workspace
	url string
	now time.Time
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{now: time.Unix(1795348800, 0)}
	c.Workspace = simslack.New(simslack.Config{
		Token: "xoxb-1", SigningSecret: "s", Team: "T01", App: "A01", Now: func() time.Time { return c.now },
		Users:  []simslack.User{{ID: "U01", Name: "ada", Email: "ada@example.com"}, {ID: "U02", Guest: true, Unconfirmed: true}},
		Groups: map[string][]string{"S01": {"U01"}},
	})
	srv := httptest.NewServer(c.Handler())
	t.Cleanup(srv.Close)
	c.url = srv.URL
	c.Connect(c.url+"/", "")
	return c
}

// call makes one Web API call; kv are its arguments.
func (c *chat) call(t *testing.T, method string, kv ...string) map[string]any {
	t.Helper()
	args := url.Values{"token": {"xoxb-1"}}
	for i := 0; i < len(kv); i += 2 {
		args.Set(kv[i], kv[i+1])
	}
	res, err := http.PostForm(c.url+"/api/"+method, args)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSlackRefusesWhatSlackRefuses(t *testing.T) {
	long := strings.Repeat("x", 4001)
	for _, row := range []struct {
		name, method string
		args         []string
		want         string
	}{
		{"a wrong token", "auth.test", []string{"token", "xoxb-2"}, "invalid_auth"},
		{"no token", "auth.test", []string{"token", ""}, "not_authed"},
		{"an unknown method", "chat.shout", nil, "unknown_method"},
		{"no channel", "chat.postMessage", []string{"text", "x"}, "channel_not_found"},
		{"a channel by its name", "chat.postMessage", []string{"channel", "#security", "text", "x"}, "channel_not_found"},
		{"nothing to say", "chat.postMessage", []string{"channel", "C01"}, "no_text"},
		{"a text over the limit", "chat.postMessage", []string{"channel", "C01", "text", long}, "msg_too_long"},
		{"blocks that are no JSON", "chat.postMessage", []string{"channel", "C01", "blocks", "{"}, "invalid_blocks_format"},
		{"a reply to nothing", "chat.postMessage", []string{"channel", "C01", "text", "x", "thread_ts", "1.1"}, "message_not_found"},
		{"an update of nothing", "chat.update", []string{"channel", "C01", "ts", "1.1", "text", "x"}, "message_not_found"},
		{"a private note to nobody", "chat.postEphemeral", []string{"channel", "C01", "user", "U99", "text", "x"}, "user_not_in_channel"},
		{"an unknown user", "users.info", []string{"user", "U99"}, "user_not_found"},
		{"a direct message to nobody", "conversations.open", []string{"users", "U99"}, "user_not_found"},
		{"an unknown group", "usergroups.users.list", []string{"usergroup", "S99"}, "no_such_subteam"},
	} {
		c := newChat(t)
		if got := c.call(t, row.method, row.args...); got["ok"] != false || got["error"] != row.want {
			t.Errorf("%s: %v, want %s", row.name, got, row.want)
		}
		if len(c.Messages())+len(c.Notes()) != 0 {
			t.Errorf("%s: stored all the same", row.name)
		}
	}
}

func TestSlackKeepsMessagesWithUniqueStamps(t *testing.T) {
	c := newChat(t)
	seen := map[any]bool{}
	for range 20 {
		seen[c.call(t, "chat.postMessage", "channel", "C01", "text", "x")["ts"]] = true
	}
	if len(seen) != 20 || len(c.Messages()) != 20 {
		t.Errorf("%d stamps, %d messages", len(seen), len(c.Messages()))
	}
}

func TestSlackUpdatesAMessageInPlace(t *testing.T) {
	c := newChat(t)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	c.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "two")
	m := c.Messages()
	if len(m) != 1 || m[0].Text != "two" || m[0].Edits != 1 || m[0].Blocks != nil {
		t.Errorf("messages %+v", m)
	}
}

func TestSlackTellsWhoAUserIs(t *testing.T) {
	c := newChat(t)
	got := c.call(t, "users.info", "user", "U02")["user"].(map[string]any)
	if got["team_id"] != "T01" || got["is_restricted"] != true || got["is_email_confirmed"] != false || got["deleted"] != false {
		t.Errorf("user %v", got)
	}
}

func TestSlackFailsAsTold(t *testing.T) {
	c := newChat(t)
	c.Inject(func(string) *simslack.Fault { return &simslack.Fault{Status: 429, RetryAfter: "3", Body: "slow down"} })
	res, err := http.PostForm(c.url+"/api/chat.postMessage", url.Values{"token": {"xoxb-1"}, "channel": {"C01"}, "text": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 429 || res.Header.Get("Retry-After") != "3" || len(c.Messages()) != 0 {
		t.Errorf("HTTP %d, messages %v", res.StatusCode, c.Messages())
	}
	c.Inject(func(string) *simslack.Fault { return &simslack.Fault{Drop: true} })
	if _, err := http.PostForm(c.url+"/api/chat.postMessage", url.Values{"token": {"xoxb-1"}, "channel": {"C01"}, "text": {"x"}}); err == nil || len(c.Messages()) != 1 {
		t.Errorf("a dropped answer: %v, messages %v", err, c.Messages())
	}
}
