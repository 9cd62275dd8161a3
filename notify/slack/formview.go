package slack

import (
	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
)

// What a form may hold, in characters.
// https://docs.slack.dev/reference/views
const (
	maxTitle   = 24
	maxAbout   = 2500
	reasonHint = "What makes this right, for whoever reads it in a year."
	lookingUp  = "What this is about appears here as soon as it was looked up."
)

// formView draws a form for the click that asks for it. Everything in it that
// a person fills in keeps its name, so that drawing it again empties nothing.
func formView(f notify.Form, i Interaction) api.ModalViewRequest {
	blocks := []api.Block{
		api.NewSectionBlock(markdown(prose(f.Text, maxSection)), nil, nil),
		aboutBlock(f),
	}
	if len(f.Terms) > 0 {
		blocks = append(blocks, termInput(f.Terms))
	}
	blocks = append(blocks, reasonInput(), api.NewContextBlock("", markdown("`"+fit(i.FindingID, maxLabel, code)+"`, plan `"+fit(i.Digest8, maxLabel, code)+"`")))
	return api.ModalViewRequest{
		Type: api.VTModal, CallbackID: actionID(i.does()), PrivateMetadata: metadata(i), ExternalID: i.key(),
		Title: plainText(f.Title, maxTitle), Submit: plainText(f.Submit, maxTitle), Close: plainText("Go back", maxTitle),
		Blocks: api.Blocks{BlockSet: blocks},
	}
}

func aboutBlock(f notify.Form) api.Block {
	if len(f.About) == 0 {
		return api.NewContextBlock("", markdown(prose(lookingUp, maxNote)))
	}
	var items []api.RichTextElement
	left := maxAbout
	for _, a := range f.About {
		if left < maxLabel {
			break
		}
		line := fit(a, left, literal)
		left -= width(line)
		items = append(items, api.NewRichTextSection(api.NewRichTextSectionTextElement(line, nil)))
	}
	return api.NewRichTextBlock("", api.NewRichTextList(api.RTEListBullet, 0, items...))
}

func reasonInput() api.Block {
	e := api.NewPlainTextInputBlockElement(nil, inputID)
	e.Multiline, e.MinLength, e.MaxLength = true, notify.MinReason, notify.MaxReason
	return api.NewInputBlock(blockReason, plainText("Reason", maxLabel), plainText(reasonHint, maxLabel), e)
}

func termInput(terms []notify.Term) api.Block {
	var options []*api.OptionBlockObject
	for _, t := range terms {
		options = append(options, api.NewOptionBlockObject(t.Name, plainText(t.Label, maxLabel), nil))
	}
	e := api.NewOptionsSelectBlockElement(api.OptTypeStatic, plainText("Choose a time", maxLabel), inputID, options...)
	return api.NewInputBlock(blockTerm, plainText("Exempt for", maxLabel), nil, e)
}
