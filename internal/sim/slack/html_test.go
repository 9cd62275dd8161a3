package slack_test

import (
	"encoding/json"
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

func TestBlocksAreDrawnAsHTML(t *testing.T) {
	for _, row := range []struct{ name, blocks, want string }{
		{"a header", `[{"type":"header","text":{"type":"plain_text","text":"HIGH · <b>"}}]`, `<h3>HIGH · &lt;b&gt;</h3>`},
		{"a section", `[{"type":"section","text":{"type":"mrkdwn","text":"*a* &amp; ` + "`b`" + `\nc"}}]`, `<p><strong>a</strong> &amp; <code>b</code><br>c</p>`},
		{"fields", `[{"type":"section","fields":[{"type":"mrkdwn","text":"*Who*\nada"}]}]`, `<div class="slack-fields"><div><strong>Who</strong><br>ada</div></div>`},
		{"a date", `[{"type":"section","text":{"type":"mrkdwn","text":"<!date^0^{time}|then>"}}]`, `<p><time datetime="1970-01-01T00:00:00Z">then</time></p>`},
		{"a link", `[{"type":"context","elements":[{"type":"mrkdwn","text":"<https://x.example/?a=1&amp;b=2|x>"}]}]`,
			`<p class="slack-context"><span><a rel="noreferrer" href="https://x.example/?a=1&amp;b=2">x</a></span> </p>`},
		{"a link that is no web page", `[{"type":"section","text":{"type":"mrkdwn","text":"<javascript:alert(1)|x>"}}]`,
			`<p><mark class="slack-mention">&lt;javascript:alert(1)|x&gt;</mark></p>`},
		{"a mention, which no card should hold", `[{"type":"section","text":{"type":"mrkdwn","text":"<!channel>"}}]`, `<p><mark class="slack-mention">&lt;!channel&gt;</mark></p>`},
		{"rich text", `[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"Why","style":{"bold":true}}]},` +
			`{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"*a* <!here>"}]}]},` +
			`{"type":"rich_text_preformatted","elements":[{"type":"text","text":"- a\n+ b"}]}]}]`,
			"<p><strong>Why</strong></p><ul><li>*a* &lt;!here&gt;</li></ul><pre>- a\n+ b</pre>"},
		{"a button", `[{"type":"actions","elements":[{"type":"button","action_id":"a\"b","style":"danger","accessibility_label":"Yes, do","text":{"type":"plain_text","text":"Yes"},` +
			`"confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"plain_text","text":"Really."}}}]}]`,
			`<div class="slack-actions"><button type="submit" name="action" value="a&#34;b" class="danger" aria-label="Yes, do" title="Sure? Really.">Yes</button></div>`},
		{"a block it does not know", `[{"type":"blink"}]`, `<p class="slack-unknown">block of type blink</p>`},
		{"no blocks", ``, ``},
		{"what is no list of blocks", `{}`, `<p class="slack-unknown">unreadable blocks</p>`},
	} {
		if got := string(simslack.RenderBlocks(json.RawMessage(row.blocks))); got != row.want {
			t.Errorf("%s:\n%s\nwant:\n%s", row.name, got, row.want)
		}
	}
}

func TestAFormIsDrawnAsHTML(t *testing.T) {
	o := newOffice(t)
	id := o.open(t, "U01", strings.Replace(form, `"Why"`, `"<Why>"`, 1))
	got := string(simslack.RenderView(o.Views()[0]))
	for _, want := range []string{
		`<label for="` + id + `-why">&lt;Why&gt;</label><textarea name="in-why" id="` + id + `-why" rows="3" required minlength="3" maxlength="5">`,
		`<select name="in-how" id="` + id + `-how" required><option value=""></option><option value="a">A</option></select>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
