package slack_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// modal is a form; more are further properties, blocks its blocks.
func modal(more, blocks string) string {
	return `{"type":"modal","title":` + plain("T") + `,"submit":` + plain("Go") + more + `,"blocks":[` + blocks + `]}`
}

// field is an input block around an element.
func field(label, more, element string) string {
	return `{"type":"input","block_id":"b","label":` + plain(label) + more + `,"element":` + element + `}`
}

func written(more string) string { return `{"type":"plain_text_input","action_id":"v"` + more + `}` }

func chosen(options string) string {
	return `{"type":"static_select","action_id":"v","options":[` + options + `]}`
}

func choice(text, value string) string {
	return fmt.Sprintf(`{"text":%s,"value":%q}`, plain(text), value)
}

// https://docs.slack.dev/reference/views
func TestEachLimitOfAViewIsHeldExactly(t *testing.T) {
	for _, tc := range []struct {
		name string
		most int
		of   func(n int) string
	}{
		{"a title", 24, func(n int) string { return strings.Replace(modal("", ""), plain("T"), plain(letters(n)), 1) }},
		{"a submit button", 24, func(n int) string { return strings.Replace(modal("", ""), plain("Go"), plain(letters(n)), 1) }},
		{"a close button", 24, func(n int) string { return modal(`,"close":`+plain(letters(n)), "") }},
		{"private metadata", 3000, func(n int) string { return modal(`,"private_metadata":"`+letters(n)+`"`, "") }},
		{"a callback id", 255, func(n int) string { return modal(`,"callback_id":"`+letters(n)+`"`, "") }},
		{"an external id", 255, func(n int) string { return modal(`,"external_id":"`+letters(n)+`"`, "") }},
		{"blocks", 100, func(n int) string { return modal("", repeat(`{"type":"divider"}`, n)) }},
		{"a label", 2000, func(n int) string { return modal("", field(letters(n), "", written(""))) }},
		{"a hint", 2000, func(n int) string { return modal("", field("x", `,"hint":`+plain(letters(n)), written(""))) }},
		{"the least length of an answer", 3000, func(n int) string { return modal("", field("x", "", written(fmt.Sprintf(`,"min_length":%d`, n)))) }},
		{"the most length of an answer", 3000, func(n int) string { return modal("", field("x", "", written(fmt.Sprintf(`,"max_length":%d`, n)))) }},
		{"options", 100, func(n int) string { return modal("", field("x", "", chosen(repeat(choice("x", "x"), n)))) }},
		{"an option's text", 75, func(n int) string { return modal("", field("x", "", chosen(choice(letters(n), "x")))) }},
		{"an option's value", 150, func(n int) string { return modal("", field("x", "", chosen(choice("x", letters(n))))) }},
	} {
		for n, good := range map[int]bool{tc.most: true, tc.most + 1: false} {
			o := newOffice(t)
			trigger, _ := o.click(t, "U01").payload["trigger_id"].(string)
			got := o.call(t, "views.open", "trigger_id", trigger, "view", tc.of(n))
			if got["ok"] != good || !good && got["error"] != "invalid_arguments" || len(o.Views()) == 1 != good {
				t.Errorf("%s, %d: %v", tc.name, n, got)
			}
			if err := simslack.CheckView(json.RawMessage(tc.of(n))); (err == nil) != good {
				t.Errorf("%s, %d: checked as %v", tc.name, n, err)
			}
		}
	}
}

func TestSlackRefusesViewsThatAreNone(t *testing.T) {
	for _, tc := range []struct{ name, view, want string }{
		{"a form as it should be", form, ""},
		{"a form without a title", `{"type":"modal","blocks":[]}`, "invalid_arguments"},
		{"a title in mrkdwn", strings.Replace(modal("", ""), plain("T"), mrkdwn("T"), 1), "invalid_arguments"},
		{"an input without a submit", strings.Replace(form, `"submit"`, `"close"`, 1), "invalid_arguments"},
		{"a select without options", modal("", field("x", "", chosen(""))), "invalid_arguments"},
		{"a length below nothing", modal("", field("x", "", written(`,"min_length":-1`))), "invalid_arguments"},
		{"an element there is not", modal("", field("x", "", `{"type":"wheel","action_id":"v"}`)), "invalid_arguments"},
		{"an input without an element", modal("", `{"type":"input","label":`+plain("x")+`}`), "invalid_arguments"},
		{"one block id twice", modal("", field("x", "", written(""))+","+field("y", "", written(""))), "invalid_arguments"},
		{"an unknown property", modal(`,"colour":"red"`, ""), "invalid_arguments"},
		{"a home tab", `{"type":"home","blocks":[]}`, "invalid_arguments"},
		{"a list", `[]`, "invalid_arguments"},
		{"nothing", "", "invalid_arguments"},
		{"more than 250 kB", modal("", "") + strings.Repeat(" ", 250_000), "view_too_large"},
	} {
		o := newOffice(t)
		trigger, _ := o.click(t, "U01").payload["trigger_id"].(string)
		if got, _ := o.call(t, "views.open", "trigger_id", trigger, "view", tc.view)["error"].(string); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestAViewIsCheckedByItsType(t *testing.T) {
	for name, tc := range map[string]struct {
		view string
		good bool
	}{
		"a home tab":            {`{"type":"home","blocks":[{"type":"divider"}]}`, true},
		"a home tab over limit": {`{"type":"home","blocks":[` + repeat(`{"type":"divider"}`, 101) + `]}`, false},
		"a message":             {`{"type":"message","blocks":[]}`, false},
		"no JSON":               {`{`, false},
	} {
		if err := simslack.CheckView(json.RawMessage(tc.view)); (err == nil) != tc.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
