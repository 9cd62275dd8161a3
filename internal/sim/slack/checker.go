package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// maxTotal is how much all blocks of a message may hold together. Slack
// does not document it; slackapi/bolt-js issue 2509 measured it.
const maxTotal = 13200

// length counts as UTF-16 does, the largest of the ways to count characters.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// CheckBlocks returns an error that says why Slack would refuse the blocks of a
// message, with its own code first; nil for blocks it would take.
func CheckBlocks(blocks json.RawMessage) error {
	if code, details := checkMessage(string(blocks)); code != "" {
		return fmt.Errorf("%s: %s", code, strings.Join(details, "; "))
	}
	return nil
}

// checkMessage returns Slack's error code for blocks it would refuse, and what is
// wrong where; "" for blocks that are fine.
// https://docs.slack.dev/reference/block-kit/blocks
func checkMessage(raw string) (code string, details []string) {
	if raw == "" {
		return "", nil
	}
	var blocks []map[string]any
	if json.Unmarshal([]byte(raw), &blocks) != nil {
		return "invalid_blocks_format", nil
	}
	c := &checker{ids: map[string]bool{}}
	c.atMost("/blocks", len(blocks), 50)
	for i, b := range blocks {
		c.block(fmt.Sprintf("/blocks/%d", i), b)
	}
	switch {
	case len(c.problems) > 0:
		return "invalid_blocks", c.problems
	case total(blocks) > maxTotal:
		return "msg_blocks_too_long", nil
	}
	return "", nil
}

type checker struct {
	problems []string
	ids      map[string]bool
	inputs   bool // where a person may fill something in
}

func (c *checker) bad(path, what string) {
	c.problems = append(c.problems, "[ERROR] "+what+" [json-pointer:"+path+"]")
}

func (c *checker) atMost(path string, n, max int) {
	if n > max {
		c.bad(path, fmt.Sprintf("no more than %d items allowed", max))
	}
}

// keys refuses what a block of this type does not have.
func (c *checker) keys(path string, object map[string]any, allowed ...string) {
	for k := range object {
		if k != "type" && !slices.Contains(allowed, k) {
			c.bad(path, "invalid additional property: "+k)
		}
	}
}

// text checks a string's presence and length.
func (c *checker) text(path string, v any, max int) {
	s, ok := v.(string)
	switch {
	case !ok || s == "":
		c.bad(path, "must be more than 0 characters")
	case length(s) > max:
		c.bad(path, fmt.Sprintf("must be less than %d characters", max+1))
	}
}

// object checks a text object; types are those it may have.
func (c *checker) object(path string, v any, max int, types ...string) {
	o, ok := v.(map[string]any)
	if !ok || !slices.Contains(types, fmt.Sprint(o["type"])) {
		c.bad(path, "must be a text object of type "+strings.Join(types, " or "))
		return
	}
	if o["type"] == "mrkdwn" {
		c.keys(path, o, "text", "verbatim")
	} else {
		c.keys(path, o, "text", "emoji")
	}
	c.text(path+"/text", o["text"], max)
}

// total counts every string, the names of types included: more than Slack
// can be counting.
func total(v any) int {
	n := 0
	switch v := v.(type) {
	case string:
		return length(v)
	case []map[string]any:
		for _, e := range v {
			n += total(e)
		}
	case []any:
		for _, e := range v {
			n += total(e)
		}
	case map[string]any:
		for _, e := range v {
			n += total(e)
		}
	}
	return n
}
