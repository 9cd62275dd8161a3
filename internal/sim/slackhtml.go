package sim

import (
	"encoding/json"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// RenderBlocks draws stored blocks as HTML for the demo's page. A button
// becomes a submit button named "action" with the action id as its value, to be
// put inside a form that knows the channel and the ts. All text is escaped; of
// mrkdwn it draws what cards use. A block it does not know is named, not hidden.
func RenderBlocks(blocks json.RawMessage) template.HTML { return slackDraw(blocks, "") }

// RenderView draws a form in the same way. What a person fills in is named "in-"
// and the block's id.
func RenderView(v SlackView) template.HTML { return slackDraw(v.Blocks, v.ID) }

func slackDraw(blocks json.RawMessage, view string) template.HTML {
	var parsed []slackBlock
	if len(blocks) > 0 && json.Unmarshal(blocks, &parsed) != nil {
		return `<p class="slack-unknown">unreadable blocks</p>`
	}
	for i := range parsed {
		parsed[i].View = view
	}
	var b strings.Builder
	if err := slackPage.Execute(&b, parsed); err != nil {
		return `<p class="slack-unknown">unreadable blocks</p>`
	}
	return template.HTML(b.String()) //nolint:gosec // html/template wrote it
}

// RenderText draws mrkdwn, such as the text of a message without blocks.
func RenderText(text string) template.HTML { return slackMarkup(text) }

// slackBlock is any block or element, as far as it is drawn.
type slackBlock struct {
	Type     string
	Text     slackText
	Fields   []slackText
	Elements []slackBlock
	ActionID string `json:"action_id"`
	Style    json.RawMessage
	URL      string
	Label    string `json:"accessibility_label"`
	Confirm  *struct{ Title, Text slackText }

	// of an input block
	BlockID string    `json:"block_id"`
	Name    slackText `json:"label"`
	Hint    slackText
	Element *slackElement
	View    string `json:"-"` // the id of the view it stands in
}

// slackElement is what a person fills in.
type slackElement struct {
	Type      string
	MinLength int `json:"min_length"`
	MaxLength int `json:"max_length"`
	Options   []slackOption
}

// Danger reports a button in Slack's red.
func (b slackBlock) Danger() bool { return string(b.Style) == `"danger"` }

// Bold reports a text element set in bold.
func (b slackBlock) Bold() bool {
	var style struct{ Bold bool }
	return json.Unmarshal(b.Style, &style) == nil && style.Bold
}

// Drawn is an element of a context block, which is a text object itself.
func (b slackBlock) Drawn() template.HTML { return slackText{b.Type, b.Text.Text}.HTML() }

// slackText is a text object, or the bare string of a rich text element.
type slackText struct{ Type, Text string }

// UnmarshalJSON reads either form.
func (t *slackText) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.Text) == nil {
		t.Type = "plain_text"
		return nil
	}
	type plain slackText
	return json.Unmarshal(b, (*plain)(t))
}

// HTML is the text drawn by its type.
func (t slackText) HTML() template.HTML {
	if t.Type == "mrkdwn" {
		return slackMarkup(t.Text)
	}
	return template.HTML(template.HTMLEscapeString(t.Text)) //nolint:gosec // escaped right here
}

var slackPage = template.Must(template.New("blocks").Parse(`
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

var slackUnescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// slackMarkup draws mrkdwn: bold, code, dates, links and mentions.
func slackMarkup(s string) template.HTML {
	var b strings.Builder
	for s != "" {
		i := strings.IndexAny(s, "<*`\n")
		if i < 0 {
			i = len(s)
		}
		b.WriteString(slackEscape(s[:i]))
		s = s[i:]
		if s == "" {
			break
		}
		n := slackSpan(&b, s)
		s = s[n:]
	}
	return template.HTML(b.String()) //nolint:gosec // each piece went through slackEscape; FuzzRenderText checks it
}

// slackSpan draws the markup s begins with and returns its length.
func slackSpan(b *strings.Builder, s string) int {
	if s[0] == '\n' {
		b.WriteString("<br>")
		return 1
	}
	end := map[byte]byte{'<': '>', '*': '*', '`': '`'}[s[0]]
	n := strings.IndexByte(s[1:], end)
	if n <= 0 || s[0] != '<' && strings.Contains(s[1:1+n], "\n") {
		b.WriteString(slackEscape(s[:1]))
		return 1
	}
	inner := s[1 : 1+n]
	switch s[0] {
	case '*':
		b.WriteString("<strong>" + slackEscape(inner) + "</strong>")
	case '`':
		b.WriteString("<code>" + slackEscape(inner) + "</code>")
	default:
		b.WriteString(slackReference(inner))
	}
	return n + 2
}

// slackReference draws what stands between angle brackets. A mention is drawn
// loudly: on a card it is a mistake.
func slackReference(s string) string {
	target, label, labelled := strings.Cut(s, "|")
	if !labelled {
		label = target
	}
	switch {
	case strings.HasPrefix(target, "!date^"):
		return "<time" + slackDate(target) + ">" + slackEscape(label) + "</time>"
	case strings.HasPrefix(target, "https://"), strings.HasPrefix(target, "http://"):
		return `<a rel="noreferrer" href="` + slackEscape(target) + `">` + slackEscape(label) + "</a>"
	}
	return `<mark class="slack-mention">` + slackEscape("<"+s+">") + "</mark>"
}

func slackDate(target string) string {
	unix, err := strconv.ParseInt(strings.Split(target, "^")[1], 10, 64)
	if err != nil {
		return ""
	}
	return ` datetime="` + slackEscape(time.Unix(unix, 0).UTC().Format(time.RFC3339)) + `"`
}

func slackEscape(s string) string { return template.HTMLEscapeString(slackUnescape.Replace(s)) }
