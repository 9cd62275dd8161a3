package slack_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// connection is the app's end of a socket.
type connection struct {
	t *testing.T
	*websocket.Conn
}

// dial opens a socket at an address that Slack gave out.
func (o *office) dial(t *testing.T) connection {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial(o.ticket(t), nil)
	if err != nil {
		t.Fatalf("%v, %v", err, res)
	}
	t.Cleanup(func() { conn.Close() })
	c := connection{t, conn}
	want := map[string]any{"type": "hello", "num_connections": 1.0, "connection_info": map[string]any{"app_id": "A01"}}
	if diff := cmp.Diff(want, c.read()); diff != "" {
		t.Errorf("greeted (-want +got):\n%s", diff)
	}
	if !o.Connected() {
		t.Error("greeted, and not connected")
	}
	return c
}

func (o *office) ticket(t *testing.T) string {
	t.Helper()
	url, _ := o.call(t, "apps.connections.open", "token", "xapp-1")["url"].(string)
	if !strings.HasPrefix(url, "ws://127.0.0.1") {
		t.Fatalf("address %q", url)
	}
	return url
}

func (c connection) read() map[string]any {
	c.t.Helper()
	var v map[string]any
	if err := c.ReadJSON(&v); err != nil {
		c.t.Fatal(err)
	}
	return v
}

// serve takes one envelope, acknowledges it with a payload (none where empty),
// and hands it to the test.
func (c connection) serve(payload string) <-chan map[string]any {
	got := make(chan map[string]any, 1)
	go func() {
		var v map[string]any
		if c.ReadJSON(&v) == nil {
			ack := map[string]any{"envelope_id": v["envelope_id"]}
			if payload != "" {
				ack["payload"] = json.RawMessage(payload)
			}
			_ = c.WriteJSON(ack)
		}
		got <- v
	}()
	return got
}

// https://docs.slack.dev/apis/events-api/using-socket-mode
func TestWhatWouldBePostedComesInAnEnvelope(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		do       func(o *office) error
		kind     string
		answers  bool // whether an answer is taken
		of       []string
		want     any
	}{
		{"a click", func(o *office) error { return o.Click(t.Context(), "U01", "C01", o.Messages()[0].TS, "app.yes") }, "interactive", true, []string{"type"}, "block_actions"},
		{"a command", func(o *office) error { return o.Command(t.Context(), "U01", "C01", "/rescind", "a&b") }, "slash_commands", true, []string{"text"}, "a&b"},
		{"an event", func(o *office) error { return o.OpenHome(t.Context(), "U01") }, "events_api", false, []string{"event", "type"}, "app_home_opened"},
	} {
		o := newOffice(t)
		o.post(t)
		got := o.dial(t).serve("")
		if err := tc.do(o); err != nil {
			t.Errorf("%s: %v", tc.sentence, err)
		}
		v := <-got
		if v["type"] != tc.kind || v["accepts_response_payload"] != tc.answers || dig(v["payload"], tc.of...) != tc.want || v["envelope_id"] == "" {
			t.Errorf("%s came as %v", tc.sentence, v)
		}
		if len(o.told) != 0 {
			t.Errorf("%s was posted as well", tc.sentence)
		}
	}
}

func TestTheAnswerComesWithTheAcknowledgement(t *testing.T) {
	o := newOffice(t)
	c := o.dial(t)
	got := c.serve(`{"response_type":"ephemeral","text":"two are open"}`)
	if err := o.Command(t.Context(), "U01", "C01", "/rescind", "list"); err != nil {
		t.Fatal(err)
	}
	<-got
	if n := o.Notes(); len(n) != 1 || n[0].Text != "two are open" {
		t.Errorf("notes %+v", n)
	}
	got = c.serve(`{"challenge":"x"}`)
	if err := o.OpenHome(t.Context(), "U01"); err == nil {
		t.Error("an event was answered with a payload, and nobody minded")
	}
	<-got
}

func TestAnAddressIsGoodForOneSocket(t *testing.T) {
	o := newOffice(t)
	address := o.ticket(t)
	conn, _, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, again := range []string{address, address + "x"} {
		_, res, err := websocket.DefaultDialer.Dial(again, nil)
		if err == nil || res == nil || res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %v, %v", again, res, err)
		}
	}
}

func TestASocketEndsInGoodOrderOrNot(t *testing.T) {
	o := newOffice(t)
	c := o.dial(t)
	o.Disconnect(false)
	if v := c.read(); v["type"] != "disconnect" || v["reason"] != "refresh_requested" {
		t.Errorf("told %v", v)
	}
	if o.Connected() {
		t.Error("still connected")
	}
	if err := o.OpenHome(t.Context(), "U01"); err != nil || o.last(t).path != "/events" {
		t.Errorf("without a socket: %v, told %v", err, o.told)
	}
	c = o.dial(t)
	o.Disconnect(true)
	if err := c.ReadJSON(&map[string]any{}); err == nil {
		t.Error("a socket that was cut goes on")
	}
	o.Disconnect(true) // there is none: nothing happens
}
