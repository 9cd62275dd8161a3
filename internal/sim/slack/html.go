package slack

import (
	"encoding/json"
	"html/template"
	"strings"
)

// RenderBlocks draws stored blocks as HTML for the demo's page. A button
// becomes a submit button named "action" with the action id as its value, to be
// put inside a form that knows the channel and the ts. All text is escaped; of
// mrkdwn it draws what cards use. A block it does not know is named, not hidden.
func RenderBlocks(blocks json.RawMessage) template.HTML { return draw(blocks, "") }

// RenderView draws a form in the same way. What a person fills in is named "in-"
// and the block's id.
func RenderView(v View) template.HTML { return draw(v.Blocks, v.ID) }

func draw(blocks json.RawMessage, view string) template.HTML {
	var parsed []blockObject
	if len(blocks) > 0 && json.Unmarshal(blocks, &parsed) != nil {
		return `<p class="slack-unknown">unreadable blocks</p>`
	}
	for i := range parsed {
		parsed[i].View = view
	}
	var b strings.Builder
	if err := page.Execute(&b, parsed); err != nil {
		return `<p class="slack-unknown">unreadable blocks</p>`
	}
	return template.HTML(b.String()) //nolint:gosec // html/template wrote it
}

// blockObject is any block or element, as far as it is drawn.
type blockObject struct {
	Type     string
	Text     textObject
	Fields   []textObject
	Elements []blockObject
	ActionID string `json:"action_id"`
	Style    json.RawMessage
	URL      string
	Label    string `json:"accessibility_label"`
	Confirm  *struct{ Title, Text textObject }

	// of an input block
	BlockID string     `json:"block_id"`
	Name    textObject `json:"label"`
	Hint    textObject
	Element *element
	View    string `json:"-"` // the id of the view it stands in
}

// element is what a person fills in.
type element struct {
	Type      string
	MinLength int `json:"min_length"`
	MaxLength int `json:"max_length"`
	Options   []option
}

// Danger reports a button in Slack's red.
func (b blockObject) Danger() bool { return string(b.Style) == `"danger"` }

// Bold reports a text element set in bold.
func (b blockObject) Bold() bool {
	var style struct{ Bold bool }
	return json.Unmarshal(b.Style, &style) == nil && style.Bold
}

// Drawn is an element of a context block, which is a text object itself.
func (b blockObject) Drawn() template.HTML { return textObject{b.Type, b.Text.Text}.HTML() }

// textObject is a text object, or the bare string of a rich text element.
type textObject struct{ Type, Text string }

// UnmarshalJSON reads either form.
func (t *textObject) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.Text) == nil {
		t.Type = "plain_text"
		return nil
	}
	type plain textObject
	return json.Unmarshal(b, (*plain)(t))
}

// HTML is the text drawn by its type.
func (t textObject) HTML() template.HTML {
	if t.Type == "mrkdwn" {
		return markup(t.Text)
	}
	return template.HTML(template.HTMLEscapeString(t.Text)) //nolint:gosec // escaped right here
}

var page = template.Must(template.New("blocks").Parse(`
{{- define "inline"}}{{range .}}{{if .Bold}}<strong>{{.Text.HTML}}</strong>{{else}}{{.Text.HTML}}{{end}}{{end}}{{end}}
{{- define "rich"}}{{range .}}
{{- if eq .Type "rich_text_preformatted"}}<pre>{{template "inline" .Elements}}</pre>
{{- else if eq .Type "rich_text_list"}}<ul>{{range .Elements}}<li>{{template "inline" .Elements}}</li>{{end}}</ul>
{{- else}}<p>{{template "inline" .Elements}}</p>{{end}}{{end}}{{end}}
{{- define "button"}}{{if .URL}}<a class="button" rel="noreferrer" href="{{.URL}}"{{if .Label}} aria-label="{{.Label}}"{{end}}>{{.Text.HTML}}</a>{{else}}<button type="submit" name="action" value="{{.ActionID}}"{{if .Danger}} class="danger"{{end}}
{{- if .Label}} aria-label="{{.Label}}"{{end}}{{with .Confirm}} title="{{.Title.Text}} {{.Text.Text}}"{{end}}>{{.Text.HTML}}</button>{{end}}{{end}}
{{- define "input"}}<p class="slack-input"><label for="{{.View}}-{{.BlockID}}">{{.Name.HTML}}</label>
{{- if eq .Element.Type "static_select"}}<select name="in-{{.BlockID}}" id="{{.View}}-{{.BlockID}}" required><option value=""></option>{{range .Element.Options}}<option value="{{.Value}}">{{.Text.HTML}}</option>{{end}}</select>
{{- else}}<textarea name="in-{{.BlockID}}" id="{{.View}}-{{.BlockID}}" rows="3" required minlength="{{.Element.MinLength}}" maxlength="{{.Element.MaxLength}}"></textarea>{{end}}
{{- with .Hint.Text}}<small>{{.}}</small>{{end}}</p>{{end}}
{{- range .}}
{{- if eq .Type "header"}}<h3>{{.Text.HTML}}</h3>
{{- else if eq .Type "section"}}{{if .Text.Text}}<p>{{.Text.HTML}}</p>{{end}}
{{- if .Fields}}<div class="slack-fields">{{range .Fields}}<div>{{.HTML}}</div>{{end}}</div>{{end}}
{{- else if eq .Type "rich_text"}}{{template "rich" .Elements}}
{{- else if eq .Type "context"}}<p class="slack-context">{{range .Elements}}<span>{{.Drawn}}</span> {{end}}</p>
{{- else if eq .Type "actions"}}<div class="slack-actions">{{range .Elements}}{{template "button" .}}{{end}}</div>
{{- else if and (eq .Type "input") .Element}}{{template "input" .}}
{{- else if eq .Type "divider"}}<hr>
{{- else}}<p class="slack-unknown">block of type {{.Type}}</p>{{end}}
{{- end}}`))
