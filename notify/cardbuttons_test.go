package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

// labels are what the card's buttons say.
func labels(f finding.Finding, o notify.Options) string {
	var out []string
	for _, b := range notify.Card(f, o).Buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

func TestI9OnlyWhatStillCountsIsOffered(t *testing.T) {
	revertedBy := func(done time.Duration, steps []judge.Step) finding.Finding {
		f := in(state.Reverted)
		f.EndedAt, f.Done = noon.Add(-done), steps
		return f
	}
	steps := publicService().Plan.Steps
	now := notify.Options{Now: noon}
	for _, row := range []struct {
		name string
		f    finding.Finding
		o    notify.Options
		want string
	}{
		{"a question, with pages and somebody on call", publicService(), notify.Options{BaseURL: "https://rescind.example.com", Page: true}, "Revert change, Keep change…, Exempt for a time…, Page on-call, Open"},
		{"a question without either", publicService(), notify.Options{}, "Revert change, Keep change…, Exempt for a time…"},
		{"a plan that leaves open what to write", identity(""), notify.Options{}, "Keep change…, Exempt for a time…"},
		{"no plan", unknown(), notify.Options{}, "Keep change…, Exempt for a time…"},
		{"a revert of a minute ago", revertedBy(time.Minute, steps), now, "Undo…"},
		{"a revert of a day ago", revertedBy(24*time.Hour, steps), now, ""},
		{"a revert that found nothing to write", revertedBy(time.Minute, nil), now, ""},
		{"a revert, where it is not known how long ago", revertedBy(time.Minute, steps), notify.Options{}, ""},
		{"an undo that takes one more person", undoIn(state.Pending), now, "Undo…"},
	} {
		if got := labels(row.f, row.o); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	for _, s := range allStates() {
		if got := labels(in(s), now); (got != "") != (s == state.Pending) {
			t.Errorf("%s: %q", s, got)
		}
	}
}

func TestARevertSaysUntilWhenItCanBeUndone(t *testing.T) {
	f := in(state.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	golden(t, "reverted_undoable", notify.Card(f, notify.Options{Now: noon}).String())
}

func TestAButtonIsBoundToThePlanItAuthorises(t *testing.T) {
	f := in(state.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	undo := notify.Card(f, notify.Options{Now: noon}).Buttons[0]
	if undo.Digest != f.UndoPlan().Digest[:8] || undo.Digest == f.Plan.Digest[:8] {
		t.Errorf("undo is bound to %s; its plan is %s, the revert's %s", undo.Digest, f.UndoPlan().Digest, f.Plan.Digest)
	}
	for _, b := range notify.Card(publicService(), options).Buttons {
		if b.Digest != f.Plan.Digest[:8] {
			t.Errorf("%s is bound to %s, want %s", b.Label, b.Digest, f.Plan.Digest)
		}
	}
}

func TestRevertIsNotOfferedWhereThePlanLeavesOpenWhatToWrite(t *testing.T) {
	for name, f := range map[string]finding.Finding{"no account": identity(""), "no plan": unknown()} {
		m := notify.Card(f, options)
		if m.Note == "" || m.Buttons[0].Choice != finding.ChooseKeep {
			t.Errorf("%s: the card does not say why, or offers %v", name, m.Buttons)
		}
	}
}

func TestARevertThatWasUndoneSaysSoAndOffersNoUndo(t *testing.T) {
	now := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	f := finding.Finding{ID: "sqyt67wkz6w2iwnl3i46hejidy", State: state.Reverted, Why: "removed roles/run.invoker to allUsers",
		Done: make([]judge.Step, 1), EndedAt: now}
	if m := notify.Card(f, notify.Options{Now: now}); len(m.Buttons) != 1 {
		t.Fatalf("before it was undone the card has the buttons %v, want one", m.Buttons)
	}
	f.UndoneBy = "xcwtfdel4ny62ugya6wunwadza"
	m := notify.Card(f, notify.Options{Now: now})
	if len(m.Buttons) != 0 || !strings.HasPrefix(m.Status, "Reverted") || !strings.Contains(m.Text, "It was undone since") || strings.Contains(m.Text, "can be undone until") {
		t.Errorf("the card has the buttons %v and says %q", m.Buttons, m.Text)
	}
}
