package slack_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

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
	"<!channel>", "<@U01>", "<https://evil.example|click>", "&lt;!here&gt;", "*bold* _it_ `code` ~no~", "*", "_", "~", "`", ">", ":x:", ":", ":+1:", "&gt;", "é", "世", "🙂", "\u202e", "\x1b[31m",
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
		Finding: findingID, Revision: r.Int64N(1e9), Digest: finding.NoPlan, State: state.Pending,
		Headline: text(), Status: text(), Text: text(), Why: lines(), Plan: text(), Diff: lines(), Fix: lines(), Note: text(),
		Link: "https://rescind.example.com/" + text(),
	}
	for range r.IntN(15) {
		f := notify.Field{Name: "Where", Value: text(), Exact: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			f.At = time.Unix(r.Int64N(1e11), 0)
		}
		m.Fields = append(m.Fields, f)
	}
	for _, c := range []finding.Choice{finding.ChooseRevert, finding.ChooseKeep, finding.ChooseExempt, finding.ChooseUndo} {
		m.Buttons = append(m.Buttons, notify.Button{
			Choice: c, Label: text(), Spoken: text(), Danger: true, Digest: finding.NoPlan, Form: r.IntN(2) == 0,
			Ask: notify.Confirm{Title: text(), Text: text(), Yes: text(), No: text()},
		})
	}
	m.Buttons = append(m.Buttons, notify.Button{Link: m.Link, Label: text(), Spoken: text(), Digest: finding.NoPlan})
	return m
}

func TestS10S11AnyMessageKeepsSlacksLimitsAndHoldsNoForeignMarkup(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
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
		m := notify.Message{Finding: findingID, Digest: finding.NoPlan, Headline: s, Status: s, Text: s, Why: lines, Plan: s, Diff: lines, Fix: lines, Note: s, Link: s}
		acceptable(t, draw(t, m))
	})
}
