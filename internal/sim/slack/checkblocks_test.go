package slack_test

import (
	"encoding/json"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

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
		if err := simslack.CheckBlocks(json.RawMessage(row.blocks)); (err == nil) != (row.want == "") {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
