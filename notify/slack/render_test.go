package slack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

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

func TestEveryStateRendersAsAgreed(t *testing.T) {
	for _, s := range allStates() {
		t.Run(string(s), func(t *testing.T) {
			f := publicService()
			f.State = s
			d := draw(t, notify.Card(f, options))
			acceptable(t, d)
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(d); err != nil {
				t.Fatal(err)
			}
			golden(t, string(s)+".json", got.Bytes())
		})
	}
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

func TestBlockIDsAreNewForEveryRevision(t *testing.T) {
	f := publicService()
	before := blockIDs(t, draw(t, notify.Card(f, options)))
	f.Revision++
	for id := range blockIDs(t, draw(t, notify.Card(f, options))) {
		if before[id] {
			t.Errorf("block id %q is of the revision before", id)
		}
	}
}

func blockIDs(t *testing.T, d drawn) map[string]bool {
	t.Helper()
	var blocks []struct {
		BlockID string `json:"block_id"`
	}
	if err := json.Unmarshal(d.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, b := range blocks {
		ids[b.BlockID] = true
	}
	return ids
}

func TestAMessageThatCouldNotBeAnsweredHasNoButtons(t *testing.T) {
	m := notify.Card(publicService(), options)
	m.Finding = "not-one-of-our-ids"
	if d := draw(t, m); strings.Contains(string(d.Blocks), "rescind.revert") {
		t.Errorf("a button with a value that cannot be read back:\n%s", d.Blocks)
	}
}

// nasty is what strangers put into names.
var nasty = []string{
	"<!channel>", "<@U01>", "<https://evil.example|click>", "&lt;!here&gt;", "*bold* _it_ `code` ~no~", "é", "世", "🙂", "\u202e", "\x1b[31m",
	"\n", "\u200b", "```", "|", "^", "<!date^0^{time}|x>", "\xff", "%s%d", "\"}],", "a", " ",
}

func nastyText(r *rand.Rand, n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(nasty[r.IntN(len(nasty))])
	}
	return b.String()
}

func nastyMessage(r *rand.Rand) notify.Message {
	text := func() string { return nastyText(r, []int{0, 1, 70, 300, 5000}[r.IntN(5)]) }
	lines := func() []string {
		out := make([]string, r.IntN(70))
		for i := range out {
			out[i] = text()
		}
		return out
	}
	m := notify.Message{
		Finding: findingID, Revision: r.Int64N(1e9), Digest: remediate.NoPlan, State: remediate.Pending,
		Headline: text(), Status: text(), Text: text(), Why: lines(), Plan: text(), Diff: lines(), Fix: lines(), Note: text(),
		Link: "https://rescind.example.com/" + text(),
	}
	for range r.IntN(15) {
		f := notify.Field{Name: text(), Value: text(), Exact: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			f.At = time.Unix(r.Int64N(1e11), 0)
		}
		m.Fields = append(m.Fields, f)
	}
	for _, c := range []remediate.Choice{remediate.ChooseRevert, remediate.ChooseKeep, remediate.ChooseExempt, remediate.ChooseUndo} {
		m.Buttons = append(m.Buttons, notify.Button{
			Choice: c, Label: text(), Spoken: text(), Danger: true, Digest: remediate.NoPlan, Form: r.IntN(2) == 0,
			Ask: notify.Confirm{Title: text(), Text: text(), Yes: text(), No: text()},
		})
	}
	m.Buttons = append(m.Buttons, notify.Button{Link: m.Link, Label: text(), Spoken: text(), Digest: remediate.NoPlan})
	return m
}

func TestS10S11AnyMessageKeepsSlacksLimitsAndHoldsNoForeignMarkup(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		acceptable(t, draw(t, nastyMessage(r)))
	}
}

func FuzzRender(f *testing.F) {
	for _, s := range nasty {
		f.Add(s, uint16(3))
	}
	f.Add(strings.Repeat("&", 20000), uint16(200))
	f.Fuzz(func(t *testing.T, s string, n uint16) {
		n %= 200
		lines := make([]string, n)
		for i := range lines {
			lines[i] = s
		}
		fd := publicService()
		fd.ID, fd.Title, fd.Message, fd.Policy, fd.Reasons = s, s, s, s, lines
		fd.Resource.Name, fd.Resource.Project, fd.Why, fd.Plan.Missing = s, s, s, s
		for _, st := range allStates() {
			fd.State = st
			acceptable(t, draw(t, notify.Card(fd, options)))
		}
		m := notify.Message{Finding: findingID, Digest: remediate.NoPlan, Headline: s, Status: s, Text: s, Why: lines, Plan: s, Diff: lines, Fix: lines, Note: s, Link: s}
		acceptable(t, draw(t, m))
	})
}

// ours is the only markup that may stand in mrkdwn.
var ours = regexp.MustCompile(`<!date\^-?[0-9]+\^\{date_short_pretty\} \{time\}\|[0-9A-Za-z :-]+>|<https?://[^<>|]+\|(?:Full record|All that are pending)>`)

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
	if strings.ContainsAny(d.Text, "<>") || !utf8.ValidString(d.Text) {
		t.Fatalf("text is not escaped: %q", d.Text)
	}
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
			if rest := ours.ReplaceAllString(s, ""); strings.ContainsAny(rest, "<>") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(rest), "&") {
				t.Fatalf("foreign markup, or half an escape, in %q", s)
			}
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
