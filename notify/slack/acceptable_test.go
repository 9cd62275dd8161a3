package slack_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
)

// drawn is a rendered message as it goes to Slack.
type drawn struct {
	Text   string          `json:"text"`
	Blocks json.RawMessage `json:"blocks"`
}

func draw(t testing.TB, m notify.Message) drawn {
	t.Helper()
	text, blocks := slack.Render(m)
	raw, err := json.Marshal(blocks)
	if err != nil {
		t.Fatal(err)
	}
	return drawn{text, raw}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

var update = flag.Bool("update", false, "rewrite the golden files")

// ours is the only markup that may stand in mrkdwn.
var ours = regexp.MustCompile(`<!date\^-?[0-9]+\^\{date_short_pretty\} \{time\}\|[0-9A-Za-z :-]+>|<https?://[^<>|]+\|(?:Full record|All that are pending)>`)

// ourLabels is what rescind itself sets in bold and in code.
var ourLabels = regexp.MustCompile("^\\*[A-Za-z -]+\\*\n|`[^`]*`")

// formatting is what Slack would set in another way: bold, struck, code, a
// quotation, italics, an emoji.
var formatting = regexp.MustCompile(`[*~` + "`" + `]|^\s*(?:>|&gt;)|(?:^|[^\pL\pN])_|_(?:$|[^\pL\pN…])|:[\pL\pN_+'-]*\pL[\pL\pN_+'-]*:|:[+]1:`)

// bare fails the test where mrkdwn, of which what is ours was taken out, would
// be drawn as anything but the text that it is.
func bare(t testing.TB, s string) {
	t.Helper()
	if strings.ContainsAny(s, "<>") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(s), "&") {
		t.Fatalf("foreign markup, or half an escape, in %q", s)
	}
	if at := formatting.FindString(s); at != "" {
		t.Fatalf("%q is formatting in %q", at, s)
	}
	for line := range strings.SplitSeq(s, "\n") {
		if notify.Clean(line) != line {
			t.Fatalf("hidden or control character in %q", s)
		}
	}
}

// acceptable fails the test unless Slack would take the message, and would see
// no markup in it that is not ours.
func acceptable(t testing.TB, d drawn) {
	t.Helper()
	if err := simslack.CheckBlocks(d.Blocks); err != nil {
		t.Fatalf("Slack would refuse this: %v\n%s", err, d.Blocks)
	}
	if n := len(utf16.Encode([]rune(d.Text))); n == 0 || n > 4000 {
		t.Fatalf("text has %d characters", n)
	}
	if !utf8.ValidString(d.Text) {
		t.Fatalf("not a text: %q", d.Text)
	}
	bare(t, d.Text)
	var blocks any
	if err := json.Unmarshal(d.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	total := 0
	eachString(blocks, func(object map[string]any, s string) {
		total += len(utf16.Encode([]rune(s)))
		for line := range strings.SplitSeq(s, "\n") {
			if notify.Clean(line) != line {
				t.Fatalf("hidden or control character in %q", s)
			}
		}
		switch object["type"] {
		case "mrkdwn":
			bare(t, ourLabels.ReplaceAllString(ours.ReplaceAllString(s, ""), ""))
		case "plain_text":
			if strings.ContainsAny(s, "<>") {
				t.Fatalf("markup in plain text %q", s)
			}
		}
	})
	if total > 13000 {
		t.Fatalf("%d characters over all blocks", total)
	}
}

func eachString(v any, do func(object map[string]any, s string)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			eachString(e, do)
		}
	case map[string]any:
		for _, e := range v {
			if s, ok := e.(string); ok {
				do(v, s)
			}
			eachString(e, do)
		}
	}
}
