package slack_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
)

// slackButton is a button as Slack keeps it, and sends it back.
type slackButton struct {
	ActionID string `json:"action_id"`
	Value    string
	URL      string
	Label    string `json:"accessibility_label"`
	Text     struct{ Text string }
	Confirm  *json.RawMessage
}

// buttonsOf are the buttons that a message is drawn with.
func buttonsOf(t *testing.T, m notify.Message) []slackButton {
	t.Helper()
	d := draw(t, m)
	acceptable(t, d)
	var blocks []struct {
		Type     string
		Elements json.RawMessage
	}
	if err := json.Unmarshal(d.Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	var out []slackButton
	for _, b := range blocks {
		if b.Type == "actions" {
			if err := json.Unmarshal(b.Elements, &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// cards are messages with every sort of button.
func cards() map[string]notify.Message {
	o := options
	o.Now, o.Page = noon.Add(time.Minute), true
	undo := undoable(publicService())
	undo.UndoOf, undo.State, undo.Plan = findingID, state.Pending, undo.UndoPlan()
	noPlan := publicService()
	noPlan.Plan = judge.NewPlan(nil, "what violates is not known")
	late := publicService()
	late.Revision = 999_999_999
	g, fs := group(200)
	return map[string]notify.Message{
		"a question": notify.Card(publicService(), o), "a question without a plan": notify.Card(noPlan, o), "a late revision": notify.Card(late, o),
		"a revert": notify.Card(undoable(publicService()), o), "an undo": notify.Card(undo, o), "a group": notify.GroupCard(g, fs, o),
	}
}

// A button that Slack cuts, or that is read back as something else, decides what
// its card did not show.
func TestEveryButtonIsReadBackAsWhatItShowed(t *testing.T) {
	for name, m := range cards() {
		buttons := buttonsOf(t, m)
		if len(buttons) != len(m.Buttons) {
			t.Fatalf("%s: %d buttons drawn of %d", name, len(buttons), len(m.Buttons))
		}
		for i, b := range buttons {
			meant := m.Buttons[i]
			if len(b.ActionID) > 255 || len(b.Value) > 255 || len([]rune(b.Text.Text)) > 75 || len([]rune(b.Label)) > 75 || b.Text.Text != meant.Label {
				t.Errorf("%s: Slack takes no such button: %+v", name, b)
			}
			body := strings.NewReplacer(`"rescind.revert"`, `"`+b.ActionID+`"`, "v1."+findingID+".3.7f3a9c21", b.Value).Replace(clickJSON(t, "", nil))
			i, err := slack.Parse(form(body))
			if err != nil || i.Choice != meant.Choice || i.All != meant.All || i.Page != meant.Page || i.FindingID != m.Finding || i.Revision != m.Revision || i.Digest8 != meant.Digest {
				t.Errorf("%s: %s is read back as %+v (%v), want %+v of revision %d", name, b.Text.Text, i, err, meant, m.Revision)
			}
			if (b.Confirm != nil) != (meant.Choice != "" && !meant.Form) {
				t.Errorf("%s: %s asks before it acts: %t", name, b.Text.Text, b.Confirm != nil)
			}
			if (b.URL != "") != (meant.Link != "") {
				t.Errorf("%s: %s leads to %q, want %q", name, b.Text.Text, b.URL, meant.Link)
			}
		}
	}
}

// Cards with a released id stay in channels for years.
func TestTheIDsOfButtonsAreTheReleasedOnes(t *testing.T) {
	var got []string
	for _, m := range cards() {
		for _, b := range buttonsOf(t, m) {
			got = append(got, b.ActionID)
		}
	}
	slices.Sort(got)
	want := []string{"rescind.exempt", "rescind.keep", "rescind.keep_all", "rescind.open", "rescind.page", "rescind.revert", "rescind.revert_all", "rescind.undo"}
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("ids %q, want %q", got, want)
	}
}

func TestAButtonThatCouldNotBeAnsweredIsNotDrawn(t *testing.T) {
	for name, change := range map[string]func(*notify.Message){
		"an id that is none":               func(m *notify.Message) { m.Finding = "NOT-AN-ID" },
		"a revision below zero":            func(m *notify.Message) { m.Revision = -1 },
		"a revision beyond what is read":   func(m *notify.Message) { m.Revision = 1_000_000_000 },
		"a digest that is none":            func(m *notify.Message) { setDigests(m, "xyz") },
		"a choice that no id stands for":   func(m *notify.Message) { setChoices(m, "explode") },
		"a group's answer that is unknown": func(m *notify.Message) { setChoices(m, finding.ChooseExempt); setAll(m) },
		"a link that leads nowhere": func(m *notify.Message) {
			m.Buttons = []notify.Button{{Link: "javascript:alert(1)", Label: "Open", Digest: m.Digest}}
		},
	} {
		m := notify.Card(publicService(), notify.Options{})
		change(&m)
		if got := buttonsOf(t, m); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func setDigests(m *notify.Message, digest string) {
	for i := range m.Buttons {
		m.Buttons[i].Digest = digest
	}
}

func setChoices(m *notify.Message, c finding.Choice) {
	for i := range m.Buttons {
		m.Buttons[i].Choice = c
	}
}

func setAll(m *notify.Message) {
	for i := range m.Buttons {
		m.Buttons[i].All = true
	}
}

// What a button asks is what its card shows, however long that is.
func TestAConfirmationOfALongPlanIsCutAndStillOneOfSlacks(t *testing.T) {
	f := publicService()
	var steps []judge.Step
	for range 40 {
		steps = append(steps, judge.Step{Kind: "require-invoker-iam", Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", strings.Repeat("s", 60))})
	}
	f.Plan = judge.NewPlan(steps, "")
	b := buttonsOf(t, notify.Card(f, options))[0]
	if b.ActionID != "rescind.revert" || b.Confirm == nil || !strings.Contains(string(*b.Confirm), "…") {
		t.Errorf("button %+v", b)
	}
}
