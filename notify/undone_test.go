package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

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
