package slack

import (
	"fmt"
	"regexp"
	"strconv"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// actions are the action ids of our buttons and what each answers. A released
// id keeps its meaning: cards with it stay in channels for years.
var actions = map[string]remediate.Choice{
	"rescind.revert": remediate.ChooseRevert,
	"rescind.keep":   remediate.ChooseKeep,

	"rescind.revert" + allSuffix: remediate.ChooseRevert,
	"rescind.keep" + allSuffix:   remediate.ChooseKeep,
}

func actionID(c remediate.Choice) string { return "rescind." + string(c) }

// valuePattern is a button's value: a version, the finding, the record's
// revision and the start of the plan's digest that the card showed. It is a
// key to look up, never a statement: nothing else of a card is read back.
var valuePattern = regexp.MustCompile(`^v1\.([a-z2-7]{26})\.([0-9]{1,9})\.([0-9a-f]{8})$`)

func buttonValue(m notify.Message) string {
	return fmt.Sprintf("v1.%s.%d.%s", m.Finding, m.Revision, m.Digest)
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

// actions draws the buttons. A message whose value could not be read back gets
// none: a button that cannot be answered is worse than no button.
func (r renderer) actions() api.Block {
	v := buttonValue(r.Message)
	if _, ok := parseValue(v); !ok {
		return nil
	}
	var out []api.BlockElement
	for _, b := range r.Buttons {
		if actions[actionOf(b)] == b.Choice && len(out) < maxButtons {
			out = append(out, drawButton(b, v))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return api.NewActionBlock(r.id("a"), out...)
}

func drawButton(b notify.Button, value string) api.BlockElement {
	e := api.NewButtonBlockElement(actionOf(b), value, plainText(b.Label, maxLabel))
	e.AccessibilityLabel = fit(b.Spoken, maxLabel, blunt)
	e.Confirm = api.NewConfirmationBlockObject(
		plainText(b.Ask.Title, maxAskTitle), plainText(b.Ask.Text, maxAskText),
		plainText(b.Ask.Yes, maxAsk), plainText(b.Ask.No, maxAsk))
	if b.Danger {
		e.Style = api.StyleDanger
		e.Confirm.Style = api.StyleDanger
	}
	return e
}
