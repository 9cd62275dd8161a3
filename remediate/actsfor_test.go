package remediate_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const ciAccount = "ci@ops.iam.gserviceaccount.com"

// madeByCI is a hall whose one question is about a change that an account made alone.
// It takes one person to keep, exempt and undo where it is known who made the change.
func madeByCI(t *testing.T, actsFor map[string]authority.Acting) (*hall, finding.Finding) {
	t.Helper()
	h := newHall(t, func(c *setup) {
		c.Authority.ActsFor, c.Authority.Quorum = actsFor, map[finding.Choice]int{finding.ChooseExempt: 1}
	})
	f := h.opens(func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: "serviceAccount:" + ciAccount}} })
	h.settle()
	return h, f
}

func TestI4ToExemptWhatAnAccountDidAloneTakesTwo(t *testing.T) {
	t.Parallel()
	h, f := madeByCI(t, nil)
	if says := h.says("U0ADA", h.card(), "rescind.exempt"); says != "" || h.stored(f).State != state.Pending {
		t.Errorf("with one it is %s: %s", h.stored(f).State, says)
	}
	h.settle()
	if says := h.says("U0BOB", h.card(), "rescind.exempt"); says != "" || h.stored(f).State != state.Exempted {
		t.Errorf("with two it is %s: %s", h.stored(f).State, says)
	}
}

// reverted has the finding reverted, and returns its card.
func (h *hall) reverted(f finding.Finding) simslack.Message {
	h.t.Helper()
	h.press("U0ADA", h.card(), "rescind.revert") // which anybody may
	h.settle()
	if f = h.stored(f); f.State != state.Reverted {
		h.t.Fatalf("the finding is %s: %s", f.State, f.Why)
	}
	return h.card()
}

// undo is the state of the finding's undo; empty where there is none.
func (h *hall) undo(f finding.Finding) state.State {
	for _, u := range h.every() {
		if u.UndoOf == f.ID {
			return u.State
		}
	}
	return ""
}

func TestI4ToUndoTheRevertOfWhatAnAccountDidAloneTakesTwo(t *testing.T) {
	t.Parallel()
	h, f := madeByCI(t, nil)
	card := h.reverted(f)
	for _, tt := range []struct {
		user string
		want state.State
	}{{"U0ADA", state.Pending}, {"U0BOB", state.Approved}} {
		if says := h.says(tt.user, card, "rescind.undo"); says != "" || h.undo(f) != tt.want {
			t.Errorf("after %s the undo is %q, want %s: %s", tt.user, h.undo(f), tt.want, says)
		}
	}
}

func TestI4WhoCanActThroughTheAccountNeitherExemptsNorUndoes(t *testing.T) {
	t.Parallel()
	h, f := madeByCI(t, map[string]authority.Acting{ciAccount: {Users: []string{ada}}})
	if says := h.says("U0ADA", h.card(), "rescind.exempt"); !strings.Contains(says, "can act through "+ciAccount+", which made this change, and cannot exempt it") {
		t.Errorf("exempt: %q", says)
	}
	card := h.reverted(f)
	if says := h.says("U0ADA", card, "rescind.undo"); !strings.Contains(says, "can act through "+ciAccount+", which made this change, and cannot undo it") || h.undo(f) != "" {
		t.Errorf("undo: %q", says)
	}
	if says := h.says("U0BOB", card, "rescind.undo"); says != "" || h.undo(f) != state.Approved {
		t.Errorf("by somebody else the undo is %q: %s", h.undo(f), says)
	}
}
