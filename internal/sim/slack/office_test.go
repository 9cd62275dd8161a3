package slack_test

import (
	"encoding/json"
	"io"
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

// form asks why, in three to five characters, and how.
const form = `{"type":"modal","callback_id":"c","external_id":"e","private_metadata":"p","title":{"type":"plain_text","text":"T"},
"submit":{"type":"plain_text","text":"Go"},"blocks":[
{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Why"},"element":{"type":"plain_text_input","action_id":"v","min_length":3,"max_length":5}},
{"type":"input","block_id":"how","label":{"type":"plain_text","text":"How"},"element":{"type":"static_select","action_id":"v","options":[{"text":{"type":"plain_text","text":"A"},"value":"a"}]}}]}`

// told is one request that Slack made of the app.
type told struct {
	path    string
	header  http.Header
	body    string
	payload map[string]any // of an interaction, or of an event
}

// office is a simulated Slack on loopback whose clock stands, and an app in it
// that writes down what it is told and answers as the test says.
type office struct {
	*simslack.Workspace
	url    string
	now    time.Time
	status int
	answer string
	told   []told
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{now: time.Unix(1795348800, 0), status: http.StatusOK}
	o.Workspace = simslack.New(simslack.Config{
		Token: "xoxb-1", AppToken: "xapp-1", SigningSecret: "s", Team: "T01", App: "A01", Now: func() time.Time { return o.now },
		Users:  []simslack.User{{ID: "U01", Name: "ada", Email: "ada@example.com"}, {ID: "U02", Name: "bob", Guest: true, Unconfirmed: true}},
		Groups: map[string][]string{"S01": {"U01"}},
	})
	slack, app := httptest.NewServer(o.Handler()), httptest.NewServer(http.HandlerFunc(o.hear))
	t.Cleanup(slack.Close)
	t.Cleanup(app.Close)
	o.url = slack.URL
	o.Connect(o.url+"/", app.URL+"/interactions")
	o.ConnectApp(app.URL+"/commands", app.URL+"/events")
	return o
}

func (o *office) hear(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	heard := told{path: r.URL.Path, header: r.Header, body: string(body)}
	said := heard.body
	if form, err := url.ParseQuery(said); err == nil && form.Has("payload") {
		said = form.Get("payload")
	}
	_ = json.Unmarshal([]byte(said), &heard.payload)
	o.told = append(o.told, heard)
	w.WriteHeader(o.status)
	_, _ = io.WriteString(w, o.answer)
}

// last is what the app was told last.
func (o *office) last(t *testing.T) told {
	t.Helper()
	if len(o.told) == 0 {
		t.Fatal("the app was told nothing")
	}
	return o.told[len(o.told)-1]
}

// call makes one Web API call as the app; kv are its arguments.
func (o *office) call(t *testing.T, method string, kv ...string) map[string]any {
	t.Helper()
	args := url.Values{"token": {"xoxb-1"}}
	for i := 0; i < len(kv); i += 2 {
		args.Set(kv[i], kv[i+1])
	}
	res, err := http.PostForm(o.url+"/api/"+method, args)
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

// post puts a card into a channel and returns its ts.
func (o *office) post(t *testing.T) string {
	t.Helper()
	ts, ok := o.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	if !ok {
		t.Fatal("no card")
	}
	return ts
}

// click has a person press the card's button, and returns what the app was told.
func (o *office) click(t *testing.T, user string) told {
	t.Helper()
	if err := o.Click(t.Context(), user, "C01", o.post(t), "app.yes"); err != nil {
		t.Fatal(err)
	}
	return o.last(t)
}

// open has the app show a view to a person who clicked, and returns its id.
func (o *office) open(t *testing.T, user, view string) string {
	t.Helper()
	trigger, _ := o.click(t, user).payload["trigger_id"].(string)
	got := o.call(t, "views.open", "trigger_id", trigger, "view", view)
	if got["ok"] != true {
		t.Fatalf("open: %v", got)
	}
	return dig(got, "view", "id").(string)
}

// dig follows keys into decoded JSON; nil where there is nothing.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func repeat(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
