package remediate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestALoneFindingHasItsOwnCardWithItsOwnButtons(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	f := b.several(1)[0]
	m := b.card()
	if !strings.Contains(string(m.Blocks), "v1."+f.ID+".") || strings.Contains(string(m.Blocks), "_all") {
		t.Errorf("card:\n%s", m.Blocks)
	}
	if f := b.stored(f); f.Group == "" || f.Surfaces[0].ID != m.TS {
		t.Errorf("group %q, surfaces %+v", f.Group, f.Surfaces)
	}
}

func TestFortyFindingsOfOneCauseShareOneMessage(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	fs := b.several(40)
	m := b.card()
	for _, want := range []string{"40 × no-public-invoker", "40 pending", "and 30 more", "Revert all 40", "Keep all 40…"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("the card lacks %q:\n%s", want, m.Blocks)
		}
	}
	if err := simslack.CheckBlocks(m.Blocks); err != nil {
		t.Error(err)
	}
	for _, f := range fs {
		if f := b.stored(f); len(f.Surfaces) != 1 || f.Surfaces[0].ID != m.TS || f.Surfaces[0].Rendered == 0 {
			t.Fatalf("surfaces of %s: %+v", f.ID, f.Surfaces)
		}
	}
	if _, err := b.click(m, "rescind.revert_all", ada, ""); err != nil {
		t.Fatal(err)
	}
	edits := m.Edits
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 40})
	if n := b.iam.writes(); n != 40 {
		t.Errorf("%d writes, want 40", n)
	}
	m = b.card()
	if !strings.Contains(string(m.Blocks), "40 reverted") || strings.Contains(string(m.Blocks), "_all") {
		t.Errorf("the card at the end:\n%s", m.Blocks)
	}
	t.Logf("%d updates of the card for 40 reverts", m.Edits-edits)
	for _, f := range fs {
		f := b.stored(f)
		if len(f.Answers) != 1 || f.Answers[0].Principal != ada || f.Answers[0].Digest != f.Plan.Digest {
			t.Fatalf("answers of %s: %+v", f.ID, f.Answers)
		}
	}
}

func TestI10AClickAuthorisesOnlyTheFindingsItsCardListed(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(4)
	before := b.card()
	late := b.opens()
	if _, err := b.click(before, "rescind.revert_all", ada, ""); !refusedFor(err, "findings were added") {
		t.Fatalf("a click on the shorter list: %v", err)
	}
	b.wantStates(map[state.State]int{state.Pending: 5})
	b.settle()
	// And the one that comes after the click, before it is carried out.
	f, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	later := b.opens()
	_, err = b.Work(t.Context(), f.ID)
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 5, state.Pending: 1})
	if s := b.stored(later).State; s != state.Pending || b.stored(late).State != state.Reverted {
		t.Errorf("the one that came after the click is %s", s)
	}
	if m := b.card(); !strings.Contains(string(m.Blocks), "Revert all 1") || !strings.Contains(string(m.Blocks), "5 reverted") {
		t.Errorf("card:\n%s", m.Blocks)
	}
}

func TestOneMoreFindingVoidsTheVotesOfTheShorterList(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(2)
	if _, err := b.click(b.card(), "rescind.keep_all", ada, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if m := b.card(); !strings.Contains(m.Text, "keep by ada@example.com") {
		t.Errorf("the card does not show the vote: %s", m.Text)
	}
	b.several(1)
	if _, err := b.click(b.card(), "rescind.keep_all", bob, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.wantStates(map[state.State]int{state.Pending: 3})
	if _, err := b.click(b.card(), "rescind.keep_all", ada, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 3})
}

func TestAGroupAnswerNeedsWhatEachFindingNeeds(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, action, who, says string
	}{
		{"whoever made one of the changes cannot keep them all", "rescind.keep_all", jo, "made this change and cannot keep it"},
		{"whoever joined one of the changes cannot either", "rescind.keep_all", bob, "made this change and cannot keep it"},
		{"who is no approver cannot revert them", "rescind.revert_all", "user:eve@example.com", "not an approver"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBurst(t)
			b.opens()
			b.opens(func(f *finding.Finding) { f.Actors = append(f.Actors, cloud.Actor{Principal: bob}) })
			b.settle()
			if _, err := b.click(b.card(), row.action, row.who, "a reason that is long enough"); !refusedFor(err, row.says) {
				t.Errorf("answer: %v, want %q", err, row.says)
			}
			b.settle()
			b.wantStates(map[state.State]int{state.Pending: 2})
		})
	}
}

func TestWhatWasDecidedAloneIsLeftAloneAndWhatCannotBeRevertedStaysOpen(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	fs := b.several(2)
	b.opens(func(f *finding.Finding) { f.Plan = judge.NewPlan(nil, "what to write is not known") })
	b.settle()
	for _, who := range []string{ada, bob} {
		_, err := b.Answer(t.Context(), fs[0].ID, finding.Answer{Choice: finding.ChooseKeep, Principal: who, Reason: "by design", Digest: fs[0].Plan.Digest})
		b.must(err)
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "Revert all 1") || !strings.Contains(string(m.Blocks), "Keep all 2…") {
		t.Errorf("card:\n%s", m.Blocks)
	}
	_, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 1, state.Reverted: 1, state.Pending: 1})
}

func TestAVoteThatCameInTimeCountsWhenItIsCarriedLate(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(3)
	b.pass(50 * time.Minute)
	_, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.pass(9*time.Minute + 59*time.Second) // the process that took it died
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 3})
}

func TestAnotherCauseOrAnotherMinuteIsAnotherMessage(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.opens()
	b.pass(59 * time.Second)
	b.opens()
	b.settle()
	if n := len(b.cards()); n != 1 {
		t.Fatalf("%d messages for two findings within a minute, want one", n)
	}
	b.opens(func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: bob}} })
	b.opens(func(f *finding.Finding) { f.Resource.Project = "other" })
	b.pass(2 * time.Minute)
	b.opens()
	b.settle()
	if n := len(b.cards()); n != 4 {
		t.Errorf("%d messages, want 4", n)
	}
}

func TestAQuestionAfterTheOthersWereDecidedHasAMessageOfItsOwn(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	f := b.several(1)[0]
	_, err := b.click(b.card(), "rescind.revert", ada, "")
	b.must(err)
	b.settle()
	if s := b.stored(f).State; s != state.Reverted {
		t.Fatalf("the first is %s", s)
	}
	b.several(1)
	if cs := b.cards(); len(cs) != 2 || strings.Contains(string(cs[1].Blocks), "_all") {
		t.Errorf("messages: %+v", cs)
	}
}

func TestWhatALimitHeldBackInAnHourIsOneMessage(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	for range 3 {
		b.opens(func(f *finding.Finding) { f.Limit, f.Policy = "20 reverts an hour", fmt.Sprint("policy-", b.made) })
		b.pass(10 * time.Minute)
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "3 × held back by a limit") {
		t.Errorf("card:\n%s", m.Blocks)
	}
}

func TestTheLastOfAGroupToExpireTakesTheButtonsAway(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(3)
	b.pass(2 * time.Hour)
	_, err := b.Sweep(t.Context())
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Expired: 3})
	if m := b.card(); strings.Contains(string(m.Blocks), "_all") || !strings.Contains(m.Text, "3 expired") {
		t.Errorf("card: %s\n%s", m.Text, m.Blocks)
	}
}
