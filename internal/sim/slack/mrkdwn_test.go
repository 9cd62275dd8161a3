package slack_test

import (
	"strings"
	"testing"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

func TestTextIsDrawnAsHTML(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"bold, code and a new line", "*a* and `b`\nc", "<strong>a</strong> and <code>b</code><br>c"},
		{"what Slack has escaped", "a &lt;b&gt; &amp; c", "a &lt;b&gt; &amp; c"},
		{"what Slack has not", `a " b`, "a &#34; b"},
		{"bold that never ends", "*a", "*a"},
		{"bold over two lines, which is none", "*a\nb*", "*a<br>b*"},
		{"bold of nothing", "**", "**"},
		{"markup inside code", "`*a*`", "<code>*a*</code>"},
		{"a link with a name", "<https://x.example/?a=1&amp;b=2|here>", `<a rel="noreferrer" href="https://x.example/?a=1&amp;b=2">here</a>`},
		{"a link without one", "<http://x.example>", `<a rel="noreferrer" href="http://x.example">http://x.example</a>`},
		{"a link that is no web page", "<javascript:alert(1)|here>", `<mark class="slack-mention">&lt;javascript:alert(1)|here&gt;</mark>`},
		{"a link that would leave its attribute", `<https://x" onclick="y|here>`, `<a rel="noreferrer" href="https://x&#34; onclick=&#34;y">here</a>`},
		{"a mention", "<@U01>", `<mark class="slack-mention">&lt;@U01&gt;</mark>`},
		{"everybody", "<!channel>", `<mark class="slack-mention">&lt;!channel&gt;</mark>`},
		{"a date", "<!date^60^{time}|then>", `<time datetime="1970-01-01T00:01:00Z">then</time>`},
		{"a date that is no number", "<!date^soon^{time}|then>", "<time>then</time>"},
		{"an angle bracket that never ends", "a <b", "a &lt;b"},
	} {
		if got := string(simslack.RenderText(tc.text)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

func FuzzRenderText(f *testing.F) {
	for _, s := range []string{"*", "``", "<", "<>", "<!date^", "<!date^x^y|z>", "<https://a\"onclick=b|c>", "*<b>*", "&lt;script&gt;", "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(simslack.RenderText(s))
		for _, tag := range []string{"strong", "code", "br", "mark", "time", "a"} {
			got = strings.NewReplacer("<"+tag+">", "", "</"+tag+">", "").Replace(got)
		}
		for _, open := range []string{`<mark class="slack-mention">`, `<a rel="noreferrer" href="`, `<time datetime="`} {
			got = strings.ReplaceAll(got, open, "")
		}
		if strings.ContainsAny(got, "<") {
			t.Errorf("%q is drawn as %q", s, got)
		}
	})
}
