package notify_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// offers are the labels of a group's buttons.
func offers(m notify.Message) string {
	var out []string
	for _, b := range m.Buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

func TestAGroupOffersWhatAllItsPendingFindingsTake(t *testing.T) {
	stepsUp := func(f *finding.Finding) { f.StepUp = policies.StepUpIAP }
	unplanned := func(f *finding.Finding) { f.Plan = judge.NewPlan(nil, "what violates is not known") }
	late := func(f *finding.Finding) { f.ExpiresAt = noon }
	decided := func(f *finding.Finding) { f.State = state.Kept }
	for _, row := range []struct {
		name   string
		change []func(*finding.Finding)
		want   string
	}{
		{"two questions", nil, "Revert all 2, Keep all 2…"},
		{"one question left", []func(*finding.Finding){decided}, "Revert all 1, Keep all 1…"},
		{"one without a plan", []func(*finding.Finding){unplanned}, "Revert all 1, Keep all 2…"},
		{"two without a plan", []func(*finding.Finding){unplanned, unplanned}, "Keep all 2…"},
		{"one that is answered on its page alone", []func(*finding.Finding){stepsUp}, ""},
		{"one that is so and has no plan", []func(*finding.Finding){func(f *finding.Finding) { stepsUp(f); unplanned(f) }}, "Revert all 1"},
		{"one whose time is over", []func(*finding.Finding){late}, ""},
		{"none", []func(*finding.Finding){decided, decided}, ""},
	} {
		g, fs := shop(state.Pending, state.Pending)
		for i, change := range row.change {
			change(&fs[i])
			g.Items[i].State = fs[i].State
		}
		m := notify.GroupCard(g, fs, notify.Options{Now: noon.Add(time.Minute)})
		if got := offers(m); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		for _, b := range m.Buttons {
			if !b.All || b.Digest != g.Digest()[:8] || b.Danger != (b.Choice == finding.ChooseRevert) || b.Form != (b.Choice == finding.ChooseKeep) {
				t.Errorf("%s: button %+v", row.name, b)
			}
			if !strings.Contains(m.Text, strings.TrimSuffix(b.Label, "…")+": "+b.Ask.Text) {
				t.Errorf("%s: aloud nothing is said of %s: %s", row.name, b.Label, m.Text)
			}
		}
	}
}

func TestAGroupSaysWhatItLeavesToTheFindingsOwnCards(t *testing.T) {
	g, fs := shop(state.Pending, state.Pending, state.Pending)
	fs[0].Plan = judge.NewPlan(nil, "what violates is not known")
	g.Refused = []string{"shop-3: the plan changed"}
	want := "1 of the pending ones leaves open what to write and cannot be reverted from here. Not decided by the last answer: shop-3: the plan changed."
	if m := notify.GroupCard(g, fs, options); m.Note != want || !strings.Contains(m.Text, want) {
		t.Errorf("note %q, want %q", m.Note, want)
	}
	fs[1].Plan, fs[2].StepUp, g.Refused = fs[0].Plan, policies.StepUpIAP, nil
	want = "2 of the pending ones leave open what to write and cannot be reverted from here. Some of them are answered on their pages alone, where you log in again."
	if m := notify.GroupCard(g, fs, options); m.Note != want {
		t.Errorf("note %q, want %q", m.Note, want)
	}
}

func TestAGroupsAnswersAreNamedUntilTheyAreCarriedOut(t *testing.T) {
	as := []finding.Answer{{Principal: ada, Choice: finding.ChooseRevert}, {Principal: bob, Choice: finding.ChooseKeep}}
	g, fs := shop(state.Pending, state.Pending)
	g.Answers = as
	if m := notify.GroupCard(g, fs, options); m.Status != "2 findings of one cause: 2 pending. Answered so far, and not yet by enough people: revert by ada@example.com, keep by bob@example.com." {
		t.Errorf("status: %s", m.Status)
	}
	g.Answers, g.Agreed = nil, &remediate.Agreement{Choice: finding.ChooseRevert, Answers: as, Items: 2}
	m := notify.GroupCard(g, fs, options)
	if m.Status != "2 findings of one cause: 2 pending. Revert of all of them was answered by ada@example.com and bob@example.com and is being carried out." || len(m.Buttons) != 0 {
		t.Errorf("status: %s; buttons %v", m.Status, m.Buttons)
	}
	// One that came while it was carried out was on nobody's card.
	late, more := shop(state.Pending, state.Pending, state.Pending)
	late.Agreed = g.Agreed
	if m := notify.GroupCard(late, more, options); !strings.Contains(m.Status, "Revert of the first 2 of them was answered") {
		t.Errorf("status: %s", m.Status)
	}
}

func TestAGroupsDeadlineIsTheFirstOfItsFindings(t *testing.T) {
	for name, ends := range map[string][]time.Duration{
		"the first of three": {time.Hour, 3 * time.Hour, 2 * time.Hour}, "the last of three": {3 * time.Hour, 2 * time.Hour, time.Hour},
		"one of which stays open": {0, time.Hour, 0}, "the first, before one that stays open": {time.Hour, 0, 2 * time.Hour},
	} {
		g, fs := shop(many(len(ends), state.Pending)...)
		for i, d := range ends {
			fs[i].ExpiresAt = time.Time{}
			if d > 0 {
				fs[i].ExpiresAt = noon.Add(d)
			}
		}
		if m := notify.GroupCard(g, fs, options); !strings.Contains(m.Status, "Decide by 22 Nov 2026 13:00 UTC.") || !strings.HasPrefix(fact(m, "If nobody answers"), "22 Nov 2026 13:00 UTC: ") {
			t.Errorf("%s: %s; %s", name, m.Status, fact(m, "If nobody answers"))
		}
		slices.Reverse(fs)
		if m := notify.GroupCard(g, fs, options); !strings.Contains(m.Text, "If nobody answers until 22 Nov 2026 13:00 UTC, ") {
			t.Errorf("%s, the other way round: %s", name, m.Text)
		}
	}
}

func TestWhatSilenceDoesToAGroupIsSaidWhereItIsTheSameForAll(t *testing.T) {
	o := notify.Options{OnExpiry: remediate.RevertOnExpiry}
	g, fs := shop(state.Pending, state.Pending)
	if got := fact(notify.GroupCard(g, fs, o), "If nobody answers"); got != "22 Nov 2026 13:00 UTC: for each of them the change is reverted" {
		t.Errorf("two alike: %s", got)
	}
	fs[1].Guarded = true
	if got := fact(notify.GroupCard(g, fs, o), "If nobody answers"); got != "22 Nov 2026 13:00 UTC: each finding's own record says what then happens" {
		t.Errorf("one of which a guardrail spoke: %s", got)
	}
}
