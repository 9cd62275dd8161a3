package slack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// request sends one raw request to the Web API, and returns the answer's "ok"
// and "error".
func (o *office) request(t *testing.T, method, path, contentType, bearer, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, o.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var a struct {
		OK    bool
		Error string
	}
	if json.Unmarshal(b, &a) == nil && a.OK {
		return res.StatusCode, "ok"
	}
	return res.StatusCode, a.Error
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json; charset=utf-8"
)

func TestACallNeedsTheTokenOfItsMethod(t *testing.T) {
	for _, tc := range []struct {
		sentence, path, contentType, bearer, body, want string
	}{
		{"the token in the form", "/api/auth.test", formType, "", "token=xoxb-1", "ok"},
		{"the token in the header", "/api/auth.test", formType, "xoxb-1", "", "ok"},
		{"the token in the header, beside JSON", "/api/auth.test", jsonType, "xoxb-1", "{}", "ok"},
		{"the token in JSON, where Slack does not look", "/api/auth.test", jsonType, "", `{"token":"xoxb-1"}`, "not_authed"},
		{"the token in the address, where Slack does not look", "/api/auth.test?token=xoxb-1", formType, "", "", "not_authed"},
		{"no token", "/api/auth.test", formType, "", "", "not_authed"},
		{"a wrong token", "/api/auth.test", formType, "xoxb-2", "", "invalid_auth"},
		{"the app's token for what takes the bot's", "/api/auth.test", formType, "xapp-1", "", "invalid_auth"},
		{"the bot's token for a socket", "/api/apps.connections.open", formType, "xoxb-1", "", "invalid_auth"},
		{"the app's token for a socket", "/api/apps.connections.open", formType, "xapp-1", "", "ok"},
		{"a method that there is not", "/api/chat.shout", formType, "xoxb-1", "", "unknown_method"},
	} {
		if _, got := newOffice(t).request(t, "POST", tc.path, tc.contentType, tc.bearer, tc.body); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.sentence, got, tc.want)
		}
	}
}

func TestArgumentsComeAsAFormOrAsJSON(t *testing.T) {
	o := newOffice(t)
	for _, tc := range []struct{ contentType, body string }{
		{formType, "channel=C01&text=a+b&blocks=" + `%5B%7B%22type%22%3A%22divider%22%7D%5D`},
		{jsonType, `{"channel":"C01","text":"a b","blocks":[{"type":"divider"}]}`},
		{jsonType, `{"channel":"C01","text":"a b","blocks":"[{\"type\":\"divider\"}]"}`},
	} {
		if _, got := o.request(t, "POST", "/api/chat.postMessage", tc.contentType, "xoxb-1", tc.body); got != "ok" {
			t.Errorf("%s: %s", tc.body, got)
		}
	}
	for _, m := range o.Messages() {
		if m.Text != "a b" || string(m.Blocks) != `[{"type":"divider"}]` {
			t.Errorf("stored %+v", m)
		}
	}
	if code, _ := o.request(t, "POST", "/api/chat.postMessage", jsonType, "xoxb-1", "{"); code != http.StatusBadRequest {
		t.Errorf("what is no JSON: HTTP %d", code)
	}
	if code, _ := o.request(t, "GET", "/api/auth.test", "", "xoxb-1", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("a GET: HTTP %d", code)
	}
	if n := len(o.Messages()); n != 3 {
		t.Errorf("%d messages", n)
	}
}

func TestSlackRefusesWhatSlackRefuses(t *testing.T) {
	long := strings.Repeat("x", 4001)
	for _, row := range []struct {
		name, method string
		args         []string
		want         string
	}{
		{"no channel", "chat.postMessage", []string{"text", "x"}, "channel_not_found"},
		{"a channel by its name", "chat.postMessage", []string{"channel", "#security", "text", "x"}, "channel_not_found"},
		{"nothing to say", "chat.postMessage", []string{"channel", "C01"}, "no_text"},
		{"a text over the limit", "chat.postMessage", []string{"channel", "C01", "text", long}, "msg_too_long"},
		{"blocks that are no JSON", "chat.postMessage", []string{"channel", "C01", "blocks", "{"}, "invalid_blocks_format"},
		{"a reply to nothing", "chat.postMessage", []string{"channel", "C01", "text", "x", "thread_ts", "1.1"}, "message_not_found"},
		{"an update of nothing", "chat.update", []string{"channel", "C01", "ts", "1.1", "text", "x"}, "message_not_found"},
		{"an update in a channel by its name", "chat.update", []string{"channel", "#security", "ts", "1.1", "text", "x"}, "channel_not_found"},
		{"a private note to nobody", "chat.postEphemeral", []string{"channel", "C01", "user", "U99", "text", "x"}, "user_not_in_channel"},
		{"a private note nowhere", "chat.postEphemeral", []string{"channel", "ada", "user", "U01", "text", "x"}, "channel_not_found"},
		{"a private note over the limit", "chat.postEphemeral", []string{"channel", "C01", "user", "U01", "text", long}, "msg_too_long"},
		{"an unknown user", "users.info", []string{"user", "U99"}, "user_not_found"},
		{"a direct message to nobody", "conversations.open", []string{"users", "U99"}, "user_not_found"},
		{"an unknown group", "usergroups.users.list", []string{"usergroup", "S99"}, "no_such_subteam"},
		{"a home tab of nobody", "views.publish", []string{"user_id", "U99", "view", `{"type":"home","blocks":[]}`}, "user_not_found"},
	} {
		o := newOffice(t)
		if got := o.call(t, row.method, row.args...); got["ok"] != false || got["error"] != row.want {
			t.Errorf("%s: %v, want %s", row.name, got, row.want)
		}
		if len(o.Messages())+len(o.Notes()) != 0 {
			t.Errorf("%s: stored all the same", row.name)
		}
	}
}

func TestACallFailsAsTold(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		fault    *simslack.Fault
		code     int
		says     string
		stored   int
	}{
		{"too many calls", &simslack.Fault{Status: 429, RetryAfter: "3", Body: "slow down"}, 429, "", 0},
		{"a word in a good answer", &simslack.Fault{Status: 200, Body: `{"ok":false,"error":"ratelimited"}`}, 200, "ratelimited", 0},
		{"a broken front end", &simslack.Fault{Status: 503, Body: "<html>"}, 503, "", 0},
		{"nothing", nil, 200, "ok", 1},
	} {
		o := newOffice(t)
		var asked []string
		o.Inject(func(method string) *simslack.Fault { asked = append(asked, method); return tc.fault })
		code, says := o.request(t, "POST", "/api/chat.postMessage", formType, "xoxb-1", "channel=C01&text=x")
		if code != tc.code || says != tc.says || len(o.Messages()) != tc.stored || strings.Join(asked, " ") != "chat.postMessage" {
			t.Errorf("%s: HTTP %d %q, %d messages, asked about %v", tc.sentence, code, says, len(o.Messages()), asked)
		}
		o.Inject(nil)
		if _, says := o.request(t, "POST", "/api/chat.postMessage", formType, "xoxb-1", "channel=C01&text=x"); says != "ok" {
			t.Errorf("%s: afterwards %s", tc.sentence, says)
		}
	}
}

func TestALostAnswerIsOfACallThatWasCarriedOut(t *testing.T) {
	o := newOffice(t)
	o.Inject(func(string) *simslack.Fault { return &simslack.Fault{Drop: true} })
	res, err := http.Post(o.url+"/api/chat.postMessage", formType, strings.NewReader("token=xoxb-1&channel=C01&text=x"))
	if err == nil {
		res.Body.Close()
		t.Errorf("answered %d", res.StatusCode)
	}
	if n := len(o.Messages()); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// Slack's proxies have sent fractions of a second, and the header must come as
// it is for a client's reading of it to be tested.
func TestTheTimeToWaitIsSentAsGiven(t *testing.T) {
	o := newOffice(t)
	o.Inject(func(string) *simslack.Fault { return &simslack.Fault{Status: 429, RetryAfter: "1.5"} })
	res, err := http.Post(o.url+"/api/chat.postMessage", formType, strings.NewReader("token=xoxb-1"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Retry-After"); got != "1.5" {
		t.Errorf("Retry-After %q", got)
	}
}
