package slack_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// A test that finds a message by its ts means nothing where two have the same.
func TestEveryMessageHasATSOfItsOwn(t *testing.T) {
	o := newOffice(t)
	seen := map[any]bool{}
	last := ""
	for range 20 {
		ts := o.post(t)
		if ts <= last {
			t.Errorf("%s comes after %s", ts, last)
		}
		seen[ts], last = true, ts
	}
	if len(seen) != 20 || len(o.Messages()) != 20 {
		t.Errorf("%d of them for %d messages", len(seen), len(o.Messages()))
	}
}

func TestAnUpdateReplacesTextAndBlocks(t *testing.T) {
	const other = `[{"type":"divider"}]`
	for _, tc := range []struct {
		sentence string
		args     []string
		want     simslack.Message
	}{
		{"text and blocks", []string{"text", "two", "blocks", other}, simslack.Message{Text: "two", Blocks: []byte(other)}},
		{"a text without blocks takes them away", []string{"text", "two"}, simslack.Message{Text: "two"}},
		{"blocks without a text take that away", []string{"blocks", other}, simslack.Message{Blocks: []byte(other)}},
	} {
		o := newOffice(t)
		ts := o.post(t)
		if got := o.call(t, "chat.update", append([]string{"channel", "C01", "ts", ts}, tc.args...)...); got["ok"] != true || got["ts"] != ts {
			t.Errorf("%s: %v", tc.sentence, got)
		}
		tc.want.Channel, tc.want.TS, tc.want.Edits = "C01", ts, 1
		if diff := cmp.Diff([]simslack.Message{tc.want}, o.Messages()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
	}
}

func TestARefusedUpdateLeavesTheMessage(t *testing.T) {
	o := newOffice(t)
	ts := o.post(t)
	before := o.Messages()
	for name, args := range map[string][]string{
		"bad blocks":      {"channel", "C01", "ts", ts, "text", "two", "blocks", `[{"type":"blink"}]`},
		"nothing":         {"channel", "C01", "ts", ts},
		"another channel": {"channel", "C02", "ts", ts, "text", "two"},
	} {
		if got := o.call(t, "chat.update", args...); got["ok"] != false {
			t.Errorf("%s: %v", name, got)
		}
		if diff := cmp.Diff(before, o.Messages()); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

func TestAReplyStandsInItsThread(t *testing.T) {
	o := newOffice(t)
	ts := o.post(t)
	o.call(t, "chat.postMessage", "channel", "C01", "text", "reply", "thread_ts", ts)
	if m := o.Messages(); len(m) != 2 || m[1].Thread != ts || m[1].Channel != "C01" {
		t.Errorf("messages %+v", m)
	}
	if got := o.call(t, "chat.postMessage", "channel", "C02", "text", "reply", "thread_ts", ts); got["error"] != "message_not_found" {
		t.Errorf("a thread of another channel: %v", got)
	}
	o.Remove("C02", ts)
	o.Remove("C01", ts)
	if m := o.Messages(); len(m) != 1 || m[0].Text != "reply" {
		t.Errorf("after the card was deleted: %+v", m)
	}
	if got := o.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "x"); got["error"] != "message_not_found" {
		t.Errorf("an update of the deleted card: %v", got)
	}
}

// An ephemeral message is stored nowhere: nobody can update it, and one in a
// thread is seen by whoever has the thread open.
func TestAPrivateNoteIsNoMessage(t *testing.T) {
	o := newOffice(t)
	got := o.call(t, "chat.postEphemeral", "channel", "C01", "user", "U01", "text", "psst")
	want := []simslack.Note{{User: "U01", Channel: "C01", Text: "psst", At: o.now}}
	if diff := cmp.Diff(want, o.Notes()); diff != "" || len(o.Messages()) != 0 {
		t.Errorf("%d messages, notes (-want +got):\n%s", len(o.Messages()), diff)
	}
	ts, _ := got["message_ts"].(string)
	if got := o.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "x"); got["error"] != "message_not_found" {
		t.Errorf("an update of the note: %v", got)
	}
	o.call(t, "chat.postEphemeral", "channel", "C01", "user", "U01", "text", "psst", "thread_ts", o.post(t))
	if n := len(o.Notes()); n != 1 {
		t.Errorf("%d notes: one in a thread is seen", n)
	}
}

func TestADirectMessageHasAChannelOfItsOwn(t *testing.T) {
	o := newOffice(t)
	channel, _ := dig(o.call(t, "conversations.open", "users", "U01"), "channel", "id").(string)
	if got := o.call(t, "chat.postMessage", "channel", channel, "text", "hello"); got["ok"] != true || channel[0] != 'D' {
		t.Errorf("a message in %q: %v", channel, got)
	}
	again := dig(o.call(t, "conversations.open", "users", "U01"), "channel", "id")
	other := dig(o.call(t, "conversations.open", "users", "U02"), "channel", "id")
	if again != channel || other == channel {
		t.Errorf("%v again, and %v with somebody else", again, other)
	}
}

// What is handed out is a copy: a test that changes it changes no workspace.
func TestMessagesAreHandedOutAsCopies(t *testing.T) {
	o := newOffice(t)
	o.post(t)
	m := o.Messages()
	m[0].Text = "mine"
	if got := o.Messages()[0].Text; got != "one" {
		t.Errorf("the stored text is %q", got)
	}
}
