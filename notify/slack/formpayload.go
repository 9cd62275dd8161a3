package slack

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// The parts of a form that a person fills in. They keep their names when the
// form is drawn again, or Slack would empty them.
const (
	blockReason = "reason"
	blockTerm   = "term"
	inputID     = "value"
)

// view is the part of a form that is read when it comes back.
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
type view struct {
	Type       string
	CallbackID string `json:"callback_id"`
	Private    string `json:"private_metadata"`
	State      struct {
		Values map[string]map[string]struct {
			Type     string
			Value    string
			Selected struct{ Value string } `json:"selected_option"`
		}
	}
}

func (v view) check() error {
	if v.Type != "modal" {
		return errors.New("not a form of ours")
	}
	return present(named{"callback", v.CallbackID}, named{"metadata", v.Private})
}

// FormError is a form that a person can mend: what is wrong, by block.
type FormError struct{ Wrong map[string]string }

// Error counts the mistakes.
func (e *FormError) Error() string { return fmt.Sprintf("the form has %d mistakes", len(e.Wrong)) }

// metaPattern is a form's private metadata: the value of the button that opened
// it, and the card it stood on.
var metaPattern = regexp.MustCompile(`^(v1\.[a-z2-7]{26}\.[0-9]{1,9}\.[0-9a-f]{8})\.([A-Z0-9]{2,40})\.([0-9]{1,16}\.[0-9]{1,9})$`)

func metadata(i Interaction) string {
	return buttonValue(i.FindingID, i.Revision, i.Digest8) + "." + i.Channel + "." + i.MessageTS
}

func (p payload) form() (Interaction, error) {
	i := p.person()
	i.Source = FromForm
	if p.Type == "view_closed" {
		i.Source = FormClosed
	}
	does := actions[p.View.CallbackID]
	i.Choice, i.All = does.choice(), does.all()
	meta := metaPattern.FindStringSubmatch(p.View.Private)
	form, known := i.form()
	if meta == nil || !known {
		return i, ErrButton
	}
	b, ok := parseValue(meta[1])
	if !ok {
		return i, ErrButton
	}
	i.FindingID, i.Revision, i.Digest8 = b.Finding, b.Revision, b.Digest
	i.Channel, i.MessageTS = meta[2], meta[3]
	if i.Source == FormClosed {
		return i, nil
	}
	return i, i.fill(form, p.View)
}

// does is the act that a form of the interaction is sent as.
func (i Interaction) does() act {
	if i.All {
		return act(i.Choice) + ofAll
	}
	return act(i.Choice)
}

// form is the form that the interaction asks for, or was made with.
func (i Interaction) form() (notify.Form, bool) {
	if i.All {
		return notify.FormOfAll(i.Choice)
	}
	return notify.FormOf(i.Choice)
}

// fill takes what the person wrote. Slack's own client holds them to the
// lengths; the request is signed, not the client.
func (i *Interaction) fill(form notify.Form, v view) error {
	wrong := map[string]string{}
	i.Reason = strings.TrimSpace(v.State.Values[blockReason][inputID].Value)
	if n := utf8.RuneCountInString(i.Reason); n < notify.MinReason || n > notify.MaxReason {
		wrong[blockReason] = fmt.Sprintf("A reason has %d to %d characters; this one has %d.", notify.MinReason, notify.MaxReason, n)
	}
	if i.Choice == finding.ChooseExempt {
		name := v.State.Values[blockTerm][inputID].Selected.Value
		at := slices.IndexFunc(form.Terms, func(t notify.Term) bool { return t.Name == name })
		if at < 0 {
			wrong[blockTerm] = "Choose how long it is exempt."
		} else {
			i.For = form.Terms[at].For
		}
	}
	if len(wrong) > 0 {
		return &FormError{wrong}
	}
	return nil
}
