package slack

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/notify"
)

// Render lays a message out: the text that phones and screen readers get, and
// the blocks. It is pure, and holds Slack's limits for any message. Every
// string of the message is escaped, or stands where Slack reads no markup.
func Render(m notify.Message) (text string, blocks []api.Block) {
	r := renderer{m}
	blocks = append(blocks, r.header(), r.status())
	for _, b := range []api.Block{r.fields(), r.why(), r.diff(), r.fix()} {
		if b != nil {
			blocks = append(blocks, b)
		}
	}
	blocks = append(blocks, r.context())
	if b := r.actions(); b != nil {
		blocks = append(blocks, b)
	}
	return prose(m.Text, maxText), blocks
}

type renderer struct{ notify.Message }

// id is new for every drawing, as Slack asks for an updated message. A group is
// drawn anew also where its list, and so its revision, stays as it is.
func (r renderer) id(part string) string {
	return fit(part+":"+r.Finding+":"+strconv.FormatInt(cmp.Or(r.Drawing, r.Revision), 10), maxID, literal)
}

func (r renderer) header() api.Block {
	return api.NewHeaderBlock(plainText(r.Headline, maxHeader), api.HeaderBlockOptionBlockID(r.id("h")))
}

func (r renderer) status() api.Block {
	return api.NewSectionBlock(markdown(prose(r.Status, maxStatus)), nil, nil, api.SectionBlockOptionBlockID(r.id("s")))
}

func (r renderer) fields() api.Block {
	var out []*api.TextBlockObject
	for i, f := range r.Fields {
		if i == maxFields {
			break
		}
		out = append(out, markdown("*"+prose(f.Name, maxLabel)+"*\n"+value(f)))
	}
	if len(out) == 0 {
		return nil
	}
	return api.NewSectionBlock(nil, out, nil, api.SectionBlockOptionBlockID(r.id("f")))
}

func value(f notify.Field) string {
	switch {
	case f.At.IsZero() && f.Exact:
		return "`" + fit(f.Value, maxValue-2, code) + "`"
	case f.At.IsZero():
		return prose(f.Value, maxValue)
	case f.Value == "":
		return date(f.At)
	}
	return date(f.At) + ": " + prose(f.Value, maxValue-width(date(f.At))-2)
}

// date is a moment in the reader's own time zone, with UTC for those who get
// the text alone.
func date(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), notify.Clock(t))
}

func (r renderer) why() api.Block {
	var items []api.RichTextElement
	left := maxWhy
	for _, w := range r.Why {
		if left < maxLabel {
			break
		}
		line := fit(w, left, literal)
		// Slack's undocumented total may count the words around the text too.
		left -= width(line) + maxLabel
		items = append(items, api.NewRichTextSection(api.NewRichTextSectionTextElement(line, nil)))
	}
	if len(items) == 0 {
		return nil
	}
	return api.NewRichTextBlock(r.id("w"), bold("Why"), api.NewRichTextList(api.RTEListBullet, 0, items...))
}

func (r renderer) diff() api.Block {
	if len(r.Diff) == 0 {
		return nil
	}
	return api.NewRichTextBlock(r.id("d"), bold(fit(r.Plan, maxPlan, literal)), preformatted(fitLines(r.Diff, maxDiff)))
}

func (r renderer) fix() api.Block {
	if len(r.Fix) == 0 {
		return nil
	}
	return api.NewRichTextBlock(r.id("x"), bold("Permanent fix"), preformatted(fitLines(r.Fix, maxFix)))
}

func bold(s string) api.RichTextElement {
	return api.NewRichTextSection(api.NewRichTextSectionTextElement(s, &api.RichTextSectionTextStyle{Bold: true}))
}

func preformatted(s string) api.RichTextElement {
	return &api.RichTextPreformatted{
		Type:     api.RTEPreformatted,
		Elements: []api.RichTextSectionElement{api.NewRichTextSectionTextElement(s, nil)},
	}
}

func (r renderer) context() api.Block {
	var parts []api.MixedElement
	if r.Note != "" {
		parts = append(parts, markdown(prose(r.Note, maxNote)))
	}
	if l := link(r.Link); l != "" {
		parts = append(parts, markdown("<"+l+"|Full record>"))
	}
	parts = append(parts, markdown("`"+fit(r.Finding, maxLabel, code)+"`"))
	return api.NewContextBlock(r.id("c"), parts...)
}

// link is a URL that can stand in a text, or nothing.
func link(s string) string {
	s = strings.ReplaceAll(address(s), "&", "&amp;")
	if width(s) > maxURL {
		return ""
	}
	return s
}

// address is a URL that can stand by itself, or nothing.
func address(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	s = strings.NewReplacer("<", "%3C", ">", "%3E", "|", "%7C", "`", "%60").Replace(notify.Clean(u.String()))
	if width(s) > maxURL {
		return ""
	}
	return s
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
