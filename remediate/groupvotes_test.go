package remediate_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const agreed = "agreed with the payments team"

// inGroup is a burst in which a directory knows bob, and a keep takes two.
func inGroup(t *testing.T) (*burst, *people) {
	t.Helper()
	d := &people{members: []string{bob}}
	return newBurst(t, func(c *setup) {
		c.Authority = authority.Authority{Approvers: map[string]bool{ada: true, jo: true}, Directory: d, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2}}
	}), d
}

func isClass(err error, c finding.RefusedClass) bool {
	var refused *finding.RefusedError
	return errors.As(err, &refused) && refused.Class == c
}

func TestAnAnswerForAllIsNotUsedUpWhileAnEarlierVoterCannotBeLookedUp(t *testing.T) {
	t.Parallel()
	b, d := inGroup(t)
	b.several(2)
	_, err := b.click(b.card(), "rescind.keep_all", bob, agreed)
	b.must(err)
	b.settle()
	d.failing = true
	if _, err := b.click(b.card(), "rescind.keep_all", ada, agreed); !isClass(err, finding.ClassUndetermined) {
		t.Fatalf("while bob cannot be looked up: %v", err)
	}
	d.failing = false
	_, err = b.click(b.card(), "rescind.keep_all", ada, agreed)
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 2})
}

func TestWhatWasDecidedForAllIsCarriedOnceItsVotersCanBeLookedUpAgain(t *testing.T) {
	t.Parallel()
	b, d := inGroup(t)
	b.several(2)
	_, err := b.click(b.card(), "rescind.keep_all", bob, agreed)
	b.must(err)
	b.settle()
	f, err := b.click(b.card(), "rescind.keep_all", ada, agreed)
	b.must(err)
	d.failing = true
	_, _ = b.Work(t.Context(), f.ID)
	b.wantStates(map[state.State]int{state.Pending: 2})
	d.failing = false
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 2})
}

func TestAVoterWhoLeftTheApproversDoesNotCountForAll(t *testing.T) {
	t.Parallel()
	b, d := inGroup(t)
	b.several(2)
	_, err := b.click(b.card(), "rescind.keep_all", bob, agreed)
	b.must(err)
	b.settle()
	d.members = nil
	_, err = b.click(b.card(), "rescind.keep_all", ada, agreed)
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Pending: 2})
}

func TestAnAnswerForAllThatIsDeliveredAgainIsSaidToBeRecorded(t *testing.T) {
	t.Parallel()
	b, _ := inGroup(t)
	b.several(2)
	card := b.card()
	f, err := b.click(card, "rescind.revert_all", ada, "")
	b.must(err)
	if _, err := b.click(card, "rescind.revert_all", ada, ""); !isClass(err, finding.ClassDuplicate) {
		t.Errorf("before it is carried: %v", err)
	}
	if _, err := b.click(card, "rescind.revert_all", jo, ""); !isClass(err, finding.ClassDecided) {
		t.Errorf("of somebody else: %v", err)
	}
	_, err = b.Work(t.Context(), f.ID)
	b.must(err)
	b.settle()
	if _, err := b.click(card, "rescind.revert_all", "user:Ada@example.com", ""); !isClass(err, finding.ClassDuplicate) {
		t.Errorf("after it was carried: %v", err)
	}
	b.wantStates(map[state.State]int{state.Reverted: 2})
}

func TestVotesForEachAndForAllAddUpToOneAPerson(t *testing.T) {
	t.Parallel()
	b, _ := inGroup(t)
	fs := b.several(2)
	card := b.card()
	each := func(who string) {
		for _, f := range fs {
			f = b.stored(f)
			_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: who, Via: "cli", Reason: agreed, Revision: f.Revision, Digest: f.Plan.Digest})
			b.must(err)
		}
	}
	each(ada)
	for _, who := range []string{ada, "user:ADA@example.com"} {
		if _, err := b.click(card, "rescind.keep_all", who, agreed); !isClass(err, finding.ClassDuplicate) {
			t.Errorf("%s, who kept each of them alone: %v", who, err)
		}
	}
	b.wantStates(map[state.State]int{state.Pending: 2})
	_, err := b.click(card, "rescind.keep_all", bob, agreed)
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 2})
}

func TestS6WhatTakesThePageBehindIAPIsNotAnsweredWithAllTheOthers(t *testing.T) {
	t.Parallel()
	b, _ := inGroup(t)
	b.opens()
	f := b.opens()
	b.settle()
	card := b.card() // from before the configuration asked for it: a new one has no such buttons
	b.change(func(c *setup) { c.Authority.StepUp = map[policies.Severity]bool{f.Severity: true} })
	for _, action := range []string{"rescind.revert_all", "rescind.keep_all"} {
		if _, err := b.click(card, action, ada, agreed); !isClass(err, finding.ClassStepUp) {
			t.Errorf("%s: %v", action, err)
		}
	}
	f = b.stored(f)
	_, err := b.Answer(t.Context(), f.ID, finding.Answer{
		Choice: finding.ChooseExempt, Principal: ada, Via: "slack:T01/U0ADA", Reason: agreed, Until: b.Clock().Add(time.Minute), Revision: f.Revision, Digest: f.Plan.Digest,
	})
	if !isClass(err, finding.ClassStepUp) {
		t.Errorf("exempt: %v", err)
	}
	b.wantStates(map[state.State]int{state.Pending: 2})
}
