package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// CheckView returns an error that says why Slack would refuse the view, a modal
// or a home tab; nil for one it would take.
func CheckView(view json.RawMessage) error {
	var v struct{ Type string }
	if json.Unmarshal(view, &v) != nil || v.Type != "modal" && v.Type != "home" {
		return fmt.Errorf("invalid_arguments: a view of type modal or home is wanted")
	}
	if problems := checkView(string(view), v.Type); len(problems) > 0 {
		return fmt.Errorf("invalid_arguments: %s", strings.Join(problems, "; "))
	}
	return nil
}

// checkView lists what is wrong with a view.
// https://docs.slack.dev/reference/views
func checkView(raw, kind string) []string {
	var v map[string]any
	if json.Unmarshal([]byte(raw), &v) != nil {
		return []string{"[ERROR] not an object"}
	}
	c := &checker{ids: map[string]bool{}, inputs: true}
	c.keys("", v, "blocks", "private_metadata", "callback_id", "external_id", "title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled")
	blocks, _ := v["blocks"].([]any)
	c.atMost("/blocks", len(blocks), 100)
	for i, b := range blocks {
		o, _ := b.(map[string]any)
		c.block(fmt.Sprintf("/blocks/%d", i), o)
	}
	for key, max := range map[string]int{"private_metadata": 3000, "callback_id": 255, "external_id": 255} {
		if s, ok := v[key].(string); ok && length(s) > max {
			c.bad("/"+key, fmt.Sprintf("must be less than %d characters", max+1))
		}
	}
	if kind == "modal" {
		c.modal(v, blocks)
	}
	return c.problems
}

func (c *checker) modal(v map[string]any, blocks []any) {
	c.object("/title", v["title"], 24, "plain_text")
	for _, key := range []string{"submit", "close"} {
		if v[key] != nil {
			c.object("/"+key, v[key], 24, "plain_text")
		}
	}
	input := slices.ContainsFunc(blocks, func(b any) bool {
		o, _ := b.(map[string]any)
		return o["type"] == "input"
	})
	if input && v["submit"] == nil {
		c.bad("/submit", "must be defined when an input block is present")
	}
}

// input checks what a person fills in.
// https://docs.slack.dev/reference/block-kit/blocks/input-block
func (c *checker) input(path string, b map[string]any) {
	if !c.inputs {
		c.bad(path+"/type", "unsupported type: input")
		return
	}
	c.keys(path, b, "block_id", "label", "element", "hint", "optional", "dispatch_action")
	c.object(path+"/label", b["label"], 2000, "plain_text")
	if b["hint"] != nil {
		c.object(path+"/hint", b["hint"], 2000, "plain_text")
	}
	e, _ := b["element"].(map[string]any)
	c.text(path+"/element/action_id", e["action_id"], 255)
	switch e["type"] {
	case "plain_text_input":
		c.keys(path+"/element", e, "action_id", "multiline", "min_length", "max_length", "initial_value", "placeholder")
		c.lengths(path+"/element", e)
	case "static_select":
		c.keys(path+"/element", e, "action_id", "options", "initial_option", "placeholder")
		c.options(path+"/element", e)
	default:
		c.bad(path+"/element/type", fmt.Sprintf("unsupported type: %v", e["type"]))
	}
}

func (c *checker) lengths(path string, e map[string]any) {
	for _, key := range []string{"min_length", "max_length"} {
		if n, there := e[key].(float64); there && (n < 0 || n > 3000) {
			c.bad(path+"/"+key, "must be between 0 and 3000")
		}
	}
}

func (c *checker) options(path string, e map[string]any) {
	options, _ := e["options"].([]any)
	if len(options) == 0 {
		c.bad(path+"/options", "must have at least 1 item")
	}
	c.atMost(path+"/options", len(options), 100)
	for i, o := range options {
		option, _ := o.(map[string]any)
		c.object(fmt.Sprintf("%s/options/%d/text", path, i), option["text"], 75, "plain_text")
		c.text(fmt.Sprintf("%s/options/%d/value", path, i), option["value"], 150)
	}
}
