package authority

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestAMembershipIsRememberedForFiveMinutesAndNeverWhereItMatters(t *testing.T) {
	now, d := t0, people{adaP: Approver}
	m := Remembering(d, func() time.Time { return now })
	ask := func(fresh bool) Membership {
		t.Helper()
		got, err := m.Approver(t.Context(), adaP, fresh)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	ask(false)
	d[adaP] = NoApprover
	now = now.Add(5 * time.Minute)
	if got := ask(false); got.Standing != Approver || got.Evidence[0].Age != 5*time.Minute {
		t.Errorf("five minutes later: %+v, want what was remembered, with its age", got)
	}
	if got := ask(true); got.Standing != NoApprover {
		t.Errorf("fresh: %+v", got)
	}
	d[adaP] = Approver
	if got := ask(false); got.Standing != NoApprover {
		t.Errorf("after a fresh look: %+v, want what that found", got)
	}
	now = now.Add(5*time.Minute + 1)
	if got := ask(false); got.Standing != Approver {
		t.Errorf("after that: %+v", got)
	}
	delete(d, adaP)
	if got := ask(true); got.Standing != Undetermined {
		t.Errorf("when it fails: %+v", got)
	}
	d[adaP] = Approver
	if got := ask(false); got.Standing != Approver {
		t.Errorf("a failure is remembered: %+v", got)
	}
	now = t0.Add(-time.Hour)
	d[adaP] = NoApprover
	if got := ask(false); got.Standing != NoApprover {
		t.Errorf("when the clock was set back: %+v, want it read anew", got)
	}
}

// counting is a directory that knows everybody, and how often it was asked.
type counting map[string]int

func (d counting) Approver(_ context.Context, principal string, _ bool) (Membership, error) {
	d[principal]++
	return Membership{Standing: Approver}, nil
}

func TestARequestAsksAboutNobodyTwice(t *testing.T) {
	asked, members := counting{}, counting{}
	d := Authority{Directory: asked, ActsFor: map[string]Acting{ciAccount: {Group: "g", Members: members}}}.Memoized()
	f := byAccount(ciAccount)
	for range 40 { // the findings of one card
		d.resolved(t.Context(), f, finding.ChooseKeep, adaP, bobP, "user:ADA@example.com")
	}
	if len(asked) != 2 || asked[adaP] != 1 || asked[bobP] != 1 {
		t.Errorf("asked %v, want once about each", asked)
	}
	if len(members) != 2 || members[adaP] != 1 || members[bobP] != 1 {
		t.Errorf("asked the group %v, want once about each", members)
	}
}

func TestPeopleAreRememberedBesideEachOtherAndNoMoreThanThereIsRoomFor(t *testing.T) {
	asked := counting{}
	m := Remembering(asked, func() time.Time { return t0 })
	ask := func(who string) {
		t.Helper()
		if _, err := m.Approver(t.Context(), who, false); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		ask(adaP)
		ask(bobP)
	}
	if asked[adaP] != 1 || asked[bobP] != 1 {
		t.Errorf("asked %v, want once about each of two", asked)
	}
	for i := range maxRemembered {
		ask(fmt.Sprintf("user:p%d@example.com", i))
	}
	ask(adaP)
	if asked[adaP] != 2 {
		t.Errorf("after %d others the first is remembered still", maxRemembered)
	}
}
