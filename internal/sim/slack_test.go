package sim_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/sim"
)

const card = `[{"type":"section","text":{"type":"mrkdwn","text":"hello"}},
 {"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"app.yes","value":"v","text":{"type":"plain_text","text":"Yes"}}]}]`

// chat is a simulated Slack on loopback, with a clock that stands.
type chat struct {
	*sim.Slack
	url string
	now time.Time
}

func newChat(t *testing.T) *chat {
	t.Helper()
	c := &chat{now: time.Unix(1795348800, 0)}
	c.Slack = sim.NewSlack(sim.SlackConfig{
		Token: "xoxb-1", SigningSecret: "s", Team: "T01", App: "A01", Now: func() time.Time { return c.now },
		Users:  []sim.SlackUser{{ID: "U01", Name: "ada", Email: "ada@example.com"}, {ID: "U02", Guest: true, Unconfirmed: true}},
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

func TestSlackRefusesBlocksOverItsLimits(t *testing.T) {
	s := func(n int) string { return strings.Repeat("é", n) }
	many := func(n int, one string) string {
		return strings.Join(strings.Split(strings.Repeat(one+"|", n-1)+one, "|"), ",")
	}
	button := func(inner string) string {
		return `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}` + inner + `}]}]`
	}
	text := `{"type":"mrkdwn","text":"x"}`
	confirm := func(title, body, yes string) string {
		o := func(v string) string { return `{"type":"plain_text","text":"` + v + `"}` }
		return button(`,"confirm":{"title":` + o(title) + `,"text":` + o(body) + `,"confirm":` + o(yes) + `,"deny":` + o("no") + `}`)
	}
	for _, row := range []struct{ name, blocks, want string }{
		{"a card as it should be", card, ""},
		{"a header of 150", `[{"type":"header","text":{"type":"plain_text","text":"` + s(150) + `"}}]`, ""},
		{"a header of 151", `[{"type":"header","text":{"type":"plain_text","text":"` + s(151) + `"}}]`, "invalid_blocks"},
		{"a header in mrkdwn", `[{"type":"header","text":` + text + `}]`, "invalid_blocks"},
		{"a section of 3000", `[{"type":"section","text":{"type":"mrkdwn","text":"` + s(3000) + `"}}]`, ""},
		{"a section of 3001", `[{"type":"section","text":{"type":"mrkdwn","text":"` + s(3001) + `"}}]`, "invalid_blocks"},
		{"an empty section", `[{"type":"section"}]`, "invalid_blocks"},
		{"an empty text", `[{"type":"section","text":{"type":"mrkdwn","text":""}}]`, "invalid_blocks"},
		{"eleven fields", `[{"type":"section","fields":[` + many(11, text) + `]}]`, "invalid_blocks"},
		{"a field of 2001", `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + s(2001) + `"}]}]`, "invalid_blocks"},
		{"51 blocks", `[` + many(51, `{"type":"divider"}`) + `]`, "invalid_blocks"},
		{"eleven context elements", `[{"type":"context","elements":[` + many(11, text) + `]}]`, "invalid_blocks"},
		{"one block id twice", `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, "invalid_blocks"},
		{"an unknown block", `[{"type":"blink"}]`, "invalid_blocks"},
		{"an unknown property", `[{"type":"divider","colour":"red"}]`, "invalid_blocks"},
		{"a label of 76", strings.Replace(button(""), `"text":"x"`, `"text":"`+s(76)+`"`, 1), "invalid_blocks"},
		{"a value of 2001", button(`,"value":"` + s(2001) + `"`), "invalid_blocks"},
		{"an accessibility label of 76", button(`,"accessibility_label":"` + s(76) + `"`), "invalid_blocks"},
		{"a style of its own", button(`,"style":"red"`), "invalid_blocks"},
		{"a confirmation as it should be", confirm(s(100), s(300), s(30)), ""},
		{"a long title of a confirmation", confirm(s(101), "x", "x"), "invalid_blocks"},
		{"a long confirmation", confirm("x", s(301), "x"), "invalid_blocks"},
		{"a long button of a confirmation", confirm("x", "x", s(31)), "invalid_blocks"},
		{"an empty rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[]}]}]`, "invalid_blocks"},
		{"too much in all", `[` + many(5, `{"type":"section","text":{"type":"mrkdwn","text":"`+s(2900)+`"}}`) + `]`, "msg_blocks_too_long"},
	} {
		c := newChat(t)
		got, _ := c.call(t, "chat.postMessage", "channel", "C01", "text", "x", "blocks", row.blocks)["error"].(string)
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		if err := sim.CheckBlocks(json.RawMessage(row.blocks)); (err == nil) != (row.want == "") {
			t.Errorf("%s: %v", row.name, err)
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
	c.Inject(func(string) *sim.SlackFault { return &sim.SlackFault{Status: 429, RetryAfter: "3", Body: "slow down"} })
	res, err := http.PostForm(c.url+"/api/chat.postMessage", url.Values{"token": {"xoxb-1"}, "channel": {"C01"}, "text": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 429 || res.Header.Get("Retry-After") != "3" || len(c.Messages()) != 0 {
		t.Errorf("HTTP %d, messages %v", res.StatusCode, c.Messages())
	}
	c.Inject(func(string) *sim.SlackFault { return &sim.SlackFault{Drop: true} })
	if _, err := http.PostForm(c.url+"/api/chat.postMessage", url.Values{"token": {"xoxb-1"}, "channel": {"C01"}, "text": {"x"}}); err == nil || len(c.Messages()) != 1 {
		t.Errorf("a dropped answer: %v, messages %v", err, c.Messages())
	}
}

// app takes interactions and keeps the last one.
func app(t *testing.T, c *chat, status int) (last func() (http.Header, map[string]any)) {
	t.Helper()
	var h http.Header
	var payload map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		h, payload = r.Header, nil
		_ = json.Unmarshal([]byte(form.Get("payload")), &payload)
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	c.Connect(c.url, srv.URL)
	return func() (http.Header, map[string]any) { return h, payload }
}

func TestAClickIsSignedAndComesFromTheStoredButton(t *testing.T) {
	c := newChat(t)
	last := app(t, c, http.StatusOK)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	h, p := last()
	action := p["actions"].([]any)[0].(map[string]any)
	if action["value"] != "v" || action["block_id"] != "a" || p["user"].(map[string]any)["team_id"] != "T01" {
		t.Errorf("payload %v", p)
	}
	if h.Get("X-Slack-Request-Timestamp") != "1795348800" || len(h.Get("X-Slack-Signature")) != 67 {
		t.Errorf("headers %v", h)
	}
	c.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "done")
	for name, err := range map[string]error{
		"a button that is gone":   c.Click(t.Context(), "U01", "C01", ts, "app.yes"),
		"a message that is gone":  c.Click(t.Context(), "U01", "C01", "1.1", "app.yes"),
		"another channel's stamp": c.Click(t.Context(), "U01", "C02", ts, "app.yes"),
	} {
		if !errors.Is(err, sim.ErrNoButton) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAClickThatTheAppRefusesIsAnError(t *testing.T) {
	c := newChat(t)
	app(t, c, http.StatusUnauthorized)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	want := "click app.yes on " + ts + " in C01: the app answered HTTP 401"
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAResponseURLTakesFiveNotesInThirtyMinutes(t *testing.T) {
	c := newChat(t)
	last := app(t, c, http.StatusOK)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	answer := func(url string) int {
		t.Helper()
		res, err := http.Post(url, "application/json", strings.NewReader(`{"text":"no","response_type":"ephemeral"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	_, p := last()
	for i := range 6 {
		if got := answer(p["response_url"].(string)); (got == 200) != (i < 5) {
			t.Errorf("note %d: HTTP %d", i+1, got)
		}
	}
	if n := c.Notes(); len(n) != 5 || n[0].User != "U01" || n[0].Text != "no" {
		t.Errorf("notes %+v", n)
	}
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	_, p = last()
	c.now = c.now.Add(31 * time.Minute)
	if got := answer(p["response_url"].(string)); got == 200 {
		t.Errorf("half an hour later: HTTP %d", got)
	}
}
