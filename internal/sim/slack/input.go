package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// input is an input block of a view, as far as a person fills it in.
type input struct {
	Type     string
	BlockID  string `json:"block_id"`
	Label    textObject
	Optional bool
	Element  struct {
		Type      string
		ActionID  string `json:"action_id"`
		Multiline bool
		MinLength int `json:"min_length"`
		MaxLength int `json:"max_length"`
		Options   []option
		Initial   *option `json:"initial_option"`
	}
}

type option struct {
	Text  textObject
	Value string
}

// filled is what a form's state says once a person filled it in.
func filled(blocks json.RawMessage, values map[string]string) (map[string]any, error) {
	var inputs []input
	_ = json.Unmarshal(blocks, &inputs) // other blocks have other shapes
	state := map[string]any{}
	for _, in := range inputs {
		if in.Type != "input" {
			continue
		}
		said, err := in.said(values[in.BlockID])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Label.Text, err)
		}
		state[in.BlockID] = map[string]any{in.Element.ActionID: said}
	}
	return state, nil
}

func (in input) said(v string) (map[string]any, error) {
	e := in.Element
	if v == "" && in.Optional {
		return map[string]any{"type": e.Type, "value": nil, "selected_option": nil}, nil
	}
	if e.Type == "static_select" {
		at := slices.IndexFunc(e.Options, func(o option) bool { return o.Value == v })
		if at < 0 {
			return nil, errors.New("choose one of the options")
		}
		return map[string]any{"type": e.Type, "selected_option": map[string]any{"value": v, "text": map[string]any{"type": "plain_text", "text": e.Options[at].Text.Text}}}, nil
	}
	switch n := utf8.RuneCountInString(v); {
	case n < max(1, e.MinLength):
		return nil, fmt.Errorf("write at least %d characters", max(1, e.MinLength))
	case e.MaxLength > 0 && n > e.MaxLength:
		return nil, fmt.Errorf("write at most %d characters", e.MaxLength)
	}
	return map[string]any{"type": e.Type, "value": v}, nil
}

// asks reports whether the form has an input block of the id.
func (v *View) asks(blockID string) bool {
	var inputs []input
	_ = json.Unmarshal(v.Blocks, &inputs) // other blocks have other shapes
	return slices.ContainsFunc(inputs, func(in input) bool { return in.Type == "input" && in.BlockID == blockID })
}
