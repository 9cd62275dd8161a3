package slack_test

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

// tricky has strangers' text wherever a finding holds some.
func tricky(f finding.Finding, text string) finding.Finding {
	f.Policy, f.Title, f.Message, f.Why, f.Reasons = text, text, text, text, []string{text, text + "2"}
	f.Change.Method, f.Change.Actor.Principal = text, "user:"+text
	f.Actors = []cloud.Actor{{Principal: text, Delegation: []string{text}}}
	f.Resource.Name, f.Resource.Location = text, text
	f.Plan.Missing = text
	f.Plan.Steps = slices.Clone(f.Plan.Steps)
	for i := range f.Plan.Steps {
		f.Plan.Steps[i].Resource = f.Resource
		f.Plan.Steps[i].Before.Grants = []cloud.Grant{{Role: text, Member: cloud.Member(text), Condition: cloud.Condition{Title: text, Expression: text}}}
	}
	f.Timeline = append(f.Timeline, trail.Event{At: noon, State: f.State, Who: "user:" + text, What: text})
	f.Answers = append(f.Answers, finding.Answer{Principal: text, Choice: finding.ChooseKeep, Reason: text, At: noon})
	return f
}

// tricks are what would be markup, would hide, or would not fit.
func tricks() []string {
	return append(slices.Clone(nasty), strings.Join(nasty, ""), strings.Join(nasty, " "), strings.Repeat("<!here> *x* ", 2000))
}

// ourLists is what rescind sets in bold and in code in lists and in its help.
var ourLists = regexp.MustCompile("(?m)^\\*[^*\n]+\\*|`[^`]*`")

// harmless fails the test unless all that stands in Slack is as it was meant.
func harmless(t *testing.T, messages []simslack.Message) {
	t.Helper()
	for _, m := range messages {
		if len(m.Blocks) > 0 && string(m.Blocks) != "null" {
			acceptable(t, drawn{m.Text, m.Blocks})
			continue
		}
		bare(t, strings.Replace(m.Text, "<!subteam^S01ONCALL>", "", 1))
	}
}

func TestS10NothingThatStrangersWroteIsMarkupInAnyMessage(t *testing.T) {
	t.Parallel()
	for _, text := range tricks() {
		w := newWorkspace(t)
		onCall, err := w.OnCall("S01ONCALL")
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range allStates() {
			f := publicService()
			f.State = s
			shown := w.show(t, tricky(f, text))
			shown = w.show(t, tricky(decided(shown, s), text)) // and its thread
			if err := onCall.Page(t.Context(), shown); err != nil {
				t.Fatal(err)
			}
		}
		g, fs := newGroup(3)
		g.Cause.Policy, g.Cause.Actor, g.Refused = text, "user:"+text, []string{text}
		g.Timeline = []trail.Event{{At: noon, State: state.Pending, Who: text, What: text}}
		for i := range fs {
			fs[i] = tricky(fs[i], text)
			g.Items[i].Resource = fs[i].Resource
		}
		if g.Surfaces, err = w.NotifyGroup(t.Context(), g, fs); err != nil {
			t.Fatal(err)
		}
		g.Changes++
		g.Timeline = append(g.Timeline, g.Timeline...)
		if _, err := w.NotifyGroup(t.Context(), g, fs); err != nil {
			t.Fatal(err)
		}
		if n := len(w.Messages()); n < 3*len(allStates())+2 {
			t.Fatalf("%d messages", n)
		}
		harmless(t, w.Messages())
	}
}

func TestS10NothingThatStrangersWroteIsMarkupInWhatOnePersonIsTold(t *testing.T) {
	t.Parallel()
	for _, text := range tricks() {
		o := newOffice(t, func(c *slack.ReceiverConfig) { c.Clerk.Previews = scope(text) })
		f := o.show(t, publicService())
		o.answers.finding = tricky(o.answers.finding, text)
		o.answers.all = []finding.Finding{tricky(publicService(), text)}
		for _, action := range []string{"rescind.keep", "rescind.exempt"} {
			o.click(t, "U01", f, action)
		}
		o.workLater(t)
		for _, v := range o.Views() {
			viewIsHarmless(t, v)
		}
		viewIsHarmless(t, o.home(t, "U01"))
		o.answers.fail = &finding.RefusedError{Why: text}
		o.click(t, "U01", f, "rescind.revert")
		for _, cmd := range []string{"pending", "show " + findingID, "show " + text, "pause for 1h " + text, text} {
			if strings.TrimSpace(cmd) != "" {
				o.answerTo(t, "U01", cmd)
			}
		}
		for _, n := range o.Notes() {
			rest := ourLists.ReplaceAllString(ours.ReplaceAllString(n.Text, ""), "")
			bare(t, rest)
			if len([]rune(n.Text)) > 4000 {
				t.Errorf("a note of %d characters", len([]rune(n.Text)))
			}
		}
	}
}

// scope says of an exemption what it was given.
type scope string

func (s scope) Preview(context.Context, string) (desk.Preview, error) {
	return desk.Preview{Scope: string(s), Count: 2, Examples: []finding.Finding{tricky(publicService(), string(s))}}, nil
}

func viewIsHarmless(t *testing.T, v simslack.View) {
	t.Helper()
	var blocks any
	if err := json.Unmarshal(v.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	eachString(blocks, func(object map[string]any, s string) {
		if object["type"] == "mrkdwn" && s != "mrkdwn" {
			bare(t, ourLists.ReplaceAllString(ours.ReplaceAllString(ourLabels.ReplaceAllString(s, ""), ""), ""))
		}
	})
	if len(v.Private) > 3000 || len([]rune(v.Title)) > 24 || len([]rune(v.Submit)) > 24 {
		t.Errorf("the view %q / %q holds %d characters of its own", v.Title, v.Submit, len(v.Private))
	}
}
