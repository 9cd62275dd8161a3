package slack

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// act is what a button asks for: an answer, or one of two things that decide
// nothing.
type act string

const (
	actPage act = "page" // whoever is on call is told
	actOpen act = "open" // a link: Slack reports the click, and wants it acknowledged

	ofAll act = "_all" // ends that of an answer for a whole group
)

// actions are the action ids of our buttons and what each asks for. A released
// id keeps its meaning: cards with it stay in channels for years.
var actions = map[string]act{
	"rescind.revert": act(finding.ChooseRevert),
	"rescind.keep":   act(finding.ChooseKeep),
	"rescind.exempt": act(finding.ChooseExempt),
	"rescind.undo":   act(finding.ChooseUndo),
	"rescind.page":   actPage,
	"rescind.open":   actOpen,

	"rescind.revert_all": act(finding.ChooseRevert) + ofAll,
	"rescind.keep_all":   act(finding.ChooseKeep) + ofAll,
}

func actionID(a act) string { return "rescind." + string(a) }

func actOf(b notify.Button) act {
	switch {
	case b.All:
		return act(b.Choice) + ofAll
	case b.Page:
		return actPage
	case b.Link != "":
		return actOpen
	}
	return act(b.Choice)
}

// choice is the answer that the act stands for; empty for those that decide
// nothing.
func (a act) choice() finding.Choice {
	if a == actPage || a == actOpen {
		return ""
	}
	return finding.Choice(strings.TrimSuffix(string(a), string(ofAll)))
}

// all reports whether the act is about all findings of a card.
func (a act) all() bool { return strings.HasSuffix(string(a), string(ofAll)) }

// valuePattern is a button's value: a version, the finding, the record's
// revision and the start of the plan's digest that the card showed. It is a
// key to look up, never a statement: nothing else of a card is read back.
var valuePattern = regexp.MustCompile(`^v1\.([a-z2-7]{26})\.([0-9]{1,9})\.([0-9a-f]{8})$`)

func buttonValue(finding string, revision int64, digest string) string {
	return fmt.Sprintf("v1.%s.%d.%s", finding, revision, digest)
}

// button is what a value says.
type button struct {
	Finding  string
	Revision int64
	Digest   string
}

func parseValue(s string) (button, bool) {
	p := valuePattern.FindStringSubmatch(s)
	if p == nil {
		return button{}, false
	}
	rev, err := strconv.ParseInt(p[2], 10, 64)
	return button{p[1], rev, p[3]}, err == nil
}

// actions draws the buttons. A message whose values could not be read back gets
// none: a button that cannot be answered is worse than no button.
func (r renderer) actions() api.Block {
	var out []api.BlockElement
	for _, b := range r.Buttons {
		v := buttonValue(r.Finding, r.Revision, b.Digest)
		_, readable := parseValue(v)
		a := actOf(b)
		if !readable || a == "" || actions[actionID(a)] != a || len(out) == maxButtons {
			continue
		}
		if drawn := drawButton(a, b, v); drawn != nil {
			out = append(out, drawn)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return api.NewActionBlock(r.id("a"), out...)
}

// drawButton returns nil for a link that cannot be drawn.
func drawButton(a act, b notify.Button, value string) api.BlockElement {
	e := api.NewButtonBlockElement(actionID(a), value, plainText(b.Label, maxLabel))
	e.AccessibilityLabel = fit(b.Spoken, maxLabel, blunt)
	if a == actOpen {
		if e.URL = address(b.Link); e.URL == "" {
			return nil
		}
		return e
	}
	if b.Ask != (notify.Confirm{}) && !b.Form {
		e.Confirm = api.NewConfirmationBlockObject(
			plainText(b.Ask.Title, maxAskTitle), plainText(b.Ask.Text, maxAskText),
			plainText(b.Ask.Yes, maxAsk), plainText(b.Ask.No, maxAsk))
	}
	if b.Danger {
		e.Style = api.StyleDanger
		if e.Confirm != nil {
			e.Confirm.Style = api.StyleDanger
		}
	}
	return e
}
