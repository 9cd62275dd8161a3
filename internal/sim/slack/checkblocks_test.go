package slack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// letters is a text of n characters, each of two bytes.
func letters(n int) string { return strings.Repeat("é", n) }

func plain(text string) string  { return fmt.Sprintf(`{"type":"plain_text","text":%q}`, text) }
func mrkdwn(text string) string { return fmt.Sprintf(`{"type":"mrkdwn","text":%q}`, text) }

// button is an actions block with one button; more are further properties.
func button(label string, more string) string {
	return `[{"type":"actions","elements":[{"type":"button","action_id":"a","text":` + plain(label) + more + `}]}]`
}

func confirm(title, text, yes, no string) string {
	return button("x", fmt.Sprintf(`,"confirm":{"title":%s,"text":%s,"confirm":%s,"deny":%s}`, plain(title), plain(text), plain(yes), plain(no)))
}

// buttons is an actions block with n of them.
func buttons(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"type":"button","action_id":"a%d","text":%s}`, i, plain("x")))
	}
	return `[{"type":"actions","elements":[` + strings.Join(all, ",") + `]}]`
}

// Slack takes what is as long as its limit, and refuses what is longer by one.
// https://docs.slack.dev/reference/block-kit/blocks
func TestEachLimitOfAMessageIsHeldExactly(t *testing.T) {
	for _, tc := range []struct {
		name string
		most int
		of   func(n int) string
	}{
		{"blocks", 50, func(n int) string { return `[` + repeat(`{"type":"divider"}`, n) + `]` }},
		{"a header", 150, func(n int) string { return `[{"type":"header","text":` + plain(letters(n)) + `}]` }},
		{"a section", 3000, func(n int) string { return `[{"type":"section","text":` + mrkdwn(letters(n)) + `}]` }},
		{"a field", 2000, func(n int) string { return `[{"type":"section","fields":[` + mrkdwn(letters(n)) + `]}]` }},
		{"fields", 10, func(n int) string { return `[{"type":"section","fields":[` + repeat(mrkdwn("x"), n) + `]}]` }},
		{"elements of a context", 10, func(n int) string { return `[{"type":"context","elements":[` + repeat(mrkdwn("x"), n) + `]}]` }},
		{"buttons", 25, buttons},
		{"a button's label", 75, func(n int) string { return button(letters(n), "") }},
		{"a button's value", 2000, func(n int) string { return button("x", `,"value":"`+letters(n)+`"`) }},
		{"a button's address", 3000, func(n int) string { return button("x", `,"url":"`+letters(n)+`"`) }},
		{"an accessibility label", 75, func(n int) string { return button("x", `,"accessibility_label":"`+letters(n)+`"`) }},
		{"an action's id", 255, func(n int) string { return strings.Replace(button("x", ""), `"a"`, `"`+letters(n)+`"`, 1) }},
		{"a block's id", 255, func(n int) string { return `[{"type":"divider","block_id":"` + letters(n) + `"}]` }},
		{"a confirmation's title", 100, func(n int) string { return confirm(letters(n), "x", "x", "x") }},
		{"a confirmation's text", 300, func(n int) string { return confirm("x", letters(n), "x", "x") }},
		{"a confirmation's yes", 30, func(n int) string { return confirm("x", "x", letters(n), "x") }},
		{"a confirmation's no", 30, func(n int) string { return confirm("x", "x", "x", letters(n)) }},
		{"a character that counts twice", 75, func(n int) string { return button(strings.Repeat("\U0001f512", n/2)+letters(n%2), "") }},
	} {
		o := newOffice(t)
		for n, want := range map[int]string{tc.most: "", tc.most + 1: "invalid_blocks"} {
			got := o.call(t, "chat.postMessage", "channel", "C01", "text", "x", "blocks", tc.of(n))
			if code, _ := got["error"].(string); code != want {
				t.Errorf("%s, %d: %v, want %q", tc.name, n, got, want)
			}
			if err := simslack.CheckBlocks(json.RawMessage(tc.of(n))); (err == nil) != (want == "") {
				t.Errorf("%s, %d: checked as %v", tc.name, n, err)
			}
		}
		if n := len(o.Messages()); n != 1 {
			t.Errorf("%s: %d messages", tc.name, n)
		}
	}
}

func TestSlackRefusesBlocksThatAreNone(t *testing.T) {
	for _, row := range []struct{ name, blocks, want string }{
		{"a card as it should be", card, ""},
		{"no blocks", `[]`, ""},
		{"a header in mrkdwn", `[{"type":"header","text":` + mrkdwn("x") + `}]`, "invalid_blocks"},
		{"an empty header", `[{"type":"header","text":` + plain("") + `}]`, "invalid_blocks"},
		{"an empty section", `[{"type":"section"}]`, "invalid_blocks"},
		{"an empty text", `[{"type":"section","text":` + mrkdwn("") + `}]`, "invalid_blocks"},
		{"emoji in mrkdwn", `[{"type":"section","text":{"type":"mrkdwn","text":"x","emoji":true}}]`, "invalid_blocks"},
		{"an empty context", `[{"type":"context","elements":[]}]`, "invalid_blocks"},
		{"one block id twice", `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`, "invalid_blocks"},
		{"one action id twice in a block", `[{"type":"actions","elements":[` + repeat(`{"type":"button","action_id":"a","text":`+plain("x")+`}`, 2) + `]}]`, "invalid_blocks"},
		{"an unknown block", `[{"type":"blink"}]`, "invalid_blocks"},
		{"an unknown property", `[{"type":"divider","colour":"red"}]`, "invalid_blocks"},
		{"a select among the buttons", `[{"type":"actions","elements":[{"type":"static_select","action_id":"a"}]}]`, "invalid_blocks"},
		{"a button without an id", `[{"type":"actions","elements":[{"type":"button","text":` + plain("x") + `}]}]`, "invalid_blocks"},
		{"a style of its own", button("x", `,"style":"red"`), "invalid_blocks"},
		{"half a confirmation", button("x", `,"confirm":{"title":`+plain("x")+`}`), "invalid_blocks"},
		{"an empty rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[]}]}]`, "invalid_blocks"},
		{"a rich list without a style", `[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]}]}]}]`, "invalid_blocks"},
		{"an input, which a message cannot hold", `[{"type":"input","label":` + plain("Why") + `,"element":{"type":"plain_text_input","action_id":"v"}}]`, "invalid_blocks"},
		{"an object", `{}`, "invalid_blocks_format"},
		{"a block that is a string", `["x"]`, "invalid_blocks_format"},
		{"too much in all", `[` + repeat(`{"type":"section","text":`+mrkdwn(letters(2900))+`}`, 5) + `]`, "msg_blocks_too_long"},
	} {
		got, _ := newOffice(t).call(t, "chat.postMessage", "channel", "C01", "text", "x", "blocks", row.blocks)["error"].(string)
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		if err := simslack.CheckBlocks(json.RawMessage(row.blocks)); (err == nil) != (row.want == "") {
			t.Errorf("%s: checked as %v", row.name, err)
		}
	}
}

// A card that is refused in production is found by what Slack says is wrong
// where.
func TestARefusalPointsAtTheBlock(t *testing.T) {
	blocks := `[{"type":"divider"},{"type":"section","fields":[` + mrkdwn("x") + `,` + mrkdwn("") + `]}]`
	got := newOffice(t).call(t, "chat.postMessage", "channel", "C01", "text", "x", "blocks", blocks)
	want := "[ERROR] must be more than 0 characters [json-pointer:/blocks/1/fields/1/text]"
	if said, _ := dig(got, "response_metadata", "messages").([]any); len(said) != 1 || said[0] != want {
		t.Errorf("%v, want %s", got, want)
	}
}
