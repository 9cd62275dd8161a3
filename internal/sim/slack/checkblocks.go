package slack

import "fmt"

func (c *checker) block(path string, b map[string]any) {
	if id, there := b["block_id"]; there {
		c.text(path+"/block_id", id, 255)
		if s := fmt.Sprint(id); c.ids[s] {
			c.bad(path+"/block_id", "block_id already exists")
		} else {
			c.ids[s] = true
		}
	}
	switch b["type"] {
	case "header":
		c.keys(path, b, "block_id", "text", "level")
		c.object(path+"/text", b["text"], 150, "plain_text")
	case "section":
		c.section(path, b)
	case "context":
		c.keys(path, b, "block_id", "elements")
		c.each(path, b, 10, func(p string, e map[string]any) { c.object(p, e, 2000, "mrkdwn", "plain_text") })
	case "rich_text":
		c.keys(path, b, "block_id", "elements")
		c.each(path, b, 100, c.rich)
	case "actions":
		c.keys(path, b, "block_id", "elements")
		seen := map[string]bool{}
		c.each(path, b, 25, func(p string, e map[string]any) { c.button(p, e, seen) })
	case "input":
		c.input(path, b)
	case "divider":
		c.keys(path, b, "block_id")
	default:
		c.bad(path+"/type", fmt.Sprintf("unsupported type: %v", b["type"]))
	}
}

func (c *checker) each(path string, b map[string]any, max int, check func(string, map[string]any)) {
	elements, ok := b["elements"].([]any)
	if !ok || len(elements) == 0 {
		c.bad(path+"/elements", "must have at least 1 item")
		return
	}
	c.atMost(path+"/elements", len(elements), max)
	for i, e := range elements {
		o, _ := e.(map[string]any)
		check(fmt.Sprintf("%s/elements/%d", path, i), o)
	}
}

func (c *checker) section(path string, b map[string]any) {
	c.keys(path, b, "block_id", "text", "fields", "expand")
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && len(fields) == 0 {
		c.bad(path, "must have text or fields")
	}
	if b["text"] != nil {
		c.object(path+"/text", b["text"], 3000, "mrkdwn", "plain_text")
	}
	c.atMost(path+"/fields", len(fields), 10)
	for i, f := range fields {
		c.object(fmt.Sprintf("%s/fields/%d", path, i), f, 2000, "mrkdwn", "plain_text")
	}
}

func (c *checker) rich(path string, e map[string]any) {
	switch e["type"] {
	case "rich_text_section", "rich_text_preformatted", "rich_text_quote":
		c.each(path, e, 1000, func(p string, t map[string]any) {
			if t["type"] != "text" {
				c.bad(p+"/type", fmt.Sprintf("unsupported type: %v", t["type"]))
			}
			c.text(p+"/text", t["text"], maxTotal)
		})
	case "rich_text_list":
		if e["style"] != "bullet" && e["style"] != "ordered" {
			c.bad(path+"/style", "must be bullet or ordered")
		}
		c.each(path, e, 1000, c.rich)
	default:
		c.bad(path+"/type", fmt.Sprintf("unsupported type: %v", e["type"]))
	}
}

func (c *checker) button(path string, e map[string]any, seen map[string]bool) {
	if e["type"] != "button" {
		c.bad(path+"/type", fmt.Sprintf("unsupported type: %v", e["type"]))
		return
	}
	c.keys(path, e, "text", "action_id", "value", "url", "style", "confirm", "accessibility_label")
	c.object(path+"/text", e["text"], 75, "plain_text")
	c.text(path+"/action_id", e["action_id"], 255)
	if id := fmt.Sprint(e["action_id"]); seen[id] {
		c.bad(path+"/action_id", "action_id already exists")
	} else {
		seen[id] = true
	}
	for key, max := range map[string]int{"value": 2000, "url": 3000, "accessibility_label": 75} {
		if e[key] != nil {
			c.text(path+"/"+key, e[key], max)
		}
	}
	if e["style"] != nil && e["style"] != "primary" && e["style"] != "danger" {
		c.bad(path+"/style", "must be primary or danger")
	}
	if confirm, ok := e["confirm"].(map[string]any); ok {
		c.confirm(path+"/confirm", confirm)
	}
}

func (c *checker) confirm(path string, o map[string]any) {
	c.keys(path, o, "title", "text", "confirm", "deny", "style")
	c.object(path+"/title", o["title"], 100, "plain_text")
	c.object(path+"/text", o["text"], 300, "plain_text", "mrkdwn")
	c.object(path+"/confirm", o["confirm"], 30, "plain_text")
	c.object(path+"/deny", o["deny"], 30, "plain_text")
}
