package slack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// hostile are a thousand findings by people who chose their names with care.
func hostile() remediate.RoundupContent {
	s := remediate.RoundupContent{Above: 20, More: true}
	for i := range 1000 {
		f := publicService()
		evil := fmt.Sprintf("<!channel> <@U01> <https://evil.example|ok> `%d` \u202e%s", i, strings.Repeat("𝕏", 400))
		f.ID, f.Policy, f.Title = fmt.Sprint("finding", i), evil, evil
		f.Actors = []cloud.Actor{{Principal: "user:" + evil}}
		f.Resource.Name = evil
		s.Open = append(s.Open, f)
		f.State = state.State(evil)
		s.Ended = append(s.Ended, f)
	}
	return s
}

func TestARoundupOfAnythingIsTakenBySlackAndPingsNobody(t *testing.T) {
	w := newWorkspace(t)
	d := remediate.Roundup{Channel: "C01PAY", Since: noon}
	for _, s := range []remediate.RoundupContent{{}, hostile(), {Above: 20, Done: true}} {
		at, err := w.NotifyRoundup(t.Context(), d, s)
		if err != nil {
			t.Fatal(err)
		}
		d.Message, d.Draws = at, d.Draws+1
		m := w.Messages()[0]
		acceptable(t, drawn{m.Text, m.Blocks})
		// In rich text, where the newest are named, Slack reads no markup.
		if before, _, _ := strings.Cut(string(m.Blocks), `"rich_text"`); strings.Contains(m.Text+before, "<!channel") || strings.Contains(m.Text+before, "<@U") {
			t.Errorf("somebody is pinged by:\n%s\n%s", m.Text, m.Blocks)
		}
	}
	if n := len(w.Messages()); n != 1 {
		t.Errorf("%d messages, want one that is rewritten", n)
	}
}

func TestARoundupThatSomebodyDeletedIsPostedAnewWithoutANumber(t *testing.T) {
	w := newWorkspace(t)
	d, s := remediate.Roundup{Channel: "C01PAY", Since: noon.Add(-time.Minute)}, remediate.RoundupContent{Above: 20, Open: []finding.Finding{publicService()}}
	at, err := w.NotifyRoundup(t.Context(), d, s)
	if err != nil {
		t.Fatal(err)
	}
	d.Message = at
	w.Remove(at.Channel, at.ID)
	fresh, err := w.NotifyRoundup(t.Context(), d, s)
	if err != nil || fresh.ID == at.ID {
		t.Fatalf("at %+v, %v", fresh, err)
	}
	if m := w.Messages()[0]; strings.Contains(m.Text, "1 more") {
		t.Errorf("roundup: %s", m.Text)
	}
}
