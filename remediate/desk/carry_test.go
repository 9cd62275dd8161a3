package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// grouped stores so many questions, and the group that shows them.
func (o *office) grouped(n int) group.Group {
	o.t.Helper()
	g := group.Group{ID: "g1", Revision: int64(n), Since: o.now}
	for i := range n {
		f := o.asked(fmt.Sprintf("f%d", i), func(f *finding.Finding) { f.Group = "g1" })
		g.Items = append(g.Items, group.Item{Finding: f.ID, Digest: f.Plan.Digest, Resource: f.Resource, State: f.State})
	}
	_, err := group.Change(o.t.Context(), o.store, g.ID, o.now, func(group.Group) (group.Group, bool, error) { return g, true, nil })
	if err != nil {
		o.t.Fatal(err)
	}
	return g
}

// group is the group as it is stored.
func (o *office) group() group.Group {
	o.t.Helper()
	g, err := group.Read(o.t.Context(), o.store, "g1")
	if err != nil {
		o.t.Fatal(err)
	}
	return g
}

// saysOfAll is an answer to the group as its card shows it.
func saysOfAll(c finding.Choice, who string, g group.Group) finding.Answer {
	return finding.Answer{Choice: c, Principal: who, Via: "cli", Reason: "by design", Revision: g.Revision, Digest: g.Digest()}
}

// change stores a finding after something else happened to it.
func (o *office) change(id string, by func(*finding.Finding)) {
	o.t.Helper()
	f := o.stored(id)
	by(&f)
	if _, err := o.store.Update(o.t.Context(), f); err != nil {
		o.t.Fatal(err)
	}
}

func TestWhatWasDecidedForAllIsTakenToEachAndThenTheGroupTakesAnswersAgain(t *testing.T) {
	o := newOffice(t)
	g := o.grouped(3)
	anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseRevert, ada, g))
	if err != nil || !anchor.Owes(finding.Carry) || o.group().Agreed == nil {
		t.Fatalf("it owes %v, and the group agreed on %+v: %v", anchor.Outbox, o.group().Agreed, err)
	}
	before := o.group().Changes
	after, err := o.Carry(t.Context(), anchor)
	if err != nil || after.Owes(finding.Carry) {
		t.Errorf("once carried it owes %v: %v", after.Outbox, err)
	}
	for _, i := range g.Items {
		if f := o.stored(i.Finding); f.State != state.Approved || len(f.Answers) != 1 || !f.DueAt.Equal(o.now) && f.ID != anchor.ID {
			t.Errorf("%s is %s by %v, due at %s", f.ID, f.State, f.Answers, f.DueAt)
		}
	}
	if now := o.group(); now.Agreed != nil || now.Refused != nil || now.Changes != before+1 {
		t.Errorf("the group is left with %+v, %v, at change %d of %d", now.Agreed, now.Refused, now.Changes, before)
	}
	if again, err := o.Carry(t.Context(), after); err != nil || again.Owes(finding.Carry) || o.group().Changes != before+1 {
		t.Errorf("carried again it owes %v, at change %d: %v", again.Outbox, o.group().Changes, err)
	}
}

func TestADecisionThatAFindingDoesNotTakeIsSaidWithTheReasonAndOfTenAtMost(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*office, *finding.Finding)
		want   string
	}{
		{"its question had expired", func(o *office, f *finding.Finding) { *f = f.Expired(o.now, "") }, "its question had expired"},
		{"its plan changed", func(_ *office, f *finding.Finding) { f.Plan.Digest = "another" }, "its plan changed"},
		{"whoever decided made the change too", func(_ *office, f *finding.Finding) {
			f.Actors = append(f.Actors, cloud.Actor{Principal: ada})
		}, ada + " made this change and cannot keep it"},
		{"somebody else decided", func(o *office, f *finding.Finding) { *f = f.Superseded(state.ByEvent, o.now, "mended") }, ""},
	} {
		o := newOffice(t)
		anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, o.grouped(13)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 12 {
			o.change(fmt.Sprintf("f%d", i), func(f *finding.Finding) { tt.change(o, f) })
		}
		if _, err := o.Carry(t.Context(), anchor); err != nil {
			t.Fatal(err)
		}
		refused := o.group().Refused
		if tt.want == "" && len(refused) > 0 || tt.want != "" && len(refused) != 10 {
			t.Errorf("%s: the group tells of %d: %v", tt.name, len(refused), refused)
		}
		if slices.ContainsFunc(refused, func(line string) bool {
			return !strings.HasPrefix(line, "projects/pay-prod: ") || !strings.Contains(line, tt.want)
		}) {
			t.Errorf("%s: the group tells %q", tt.name, refused)
		}
		if f := o.stored("f12"); f.State != state.Kept {
			t.Errorf("%s: the last one is %s", tt.name, f.State)
		}
	}
}

// unsure is a directory that cannot be read about some.
type unsure map[string]bool

func (d unsure) Approver(_ context.Context, principal string, _ bool) (authority.Membership, error) {
	if d[principal] {
		return authority.Membership{}, context.DeadlineExceeded
	}
	return authority.Membership{Standing: authority.Approver}, nil
}

func TestADecisionForAllStaysOwedWhileItsVotersCannotBeLookedUp(t *testing.T) {
	d := unsure{}
	o := newOffice(t, func(k *desk.Desk) { k.Authority = authority.Authority{Directory: d} })
	anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, o.grouped(2)))
	if err != nil {
		t.Fatal(err)
	}
	d[ada] = true
	if _, err := o.Carry(t.Context(), anchor); finding.ClassOf(err) != finding.ClassUndetermined {
		t.Errorf("carried while nobody knows whether she may: %v", err)
	}
	if f := o.stored(anchor.ID); !f.Owes(finding.Carry) || f.State != state.Pending || o.group().Agreed == nil {
		t.Errorf("it is %s and owes %v, and the group agreed on %+v", f.State, f.Outbox, o.group().Agreed)
	}
	delete(d, ada)
	if _, err := o.Carry(t.Context(), o.stored(anchor.ID)); err != nil || o.stored("f1").State != state.Kept {
		t.Errorf("once she can be looked up: %s, %v", o.stored("f1").State, err)
	}
}

func TestCarryingStartsOverWhereAnotherWasFasterAndGivesUpInTheEnd(t *testing.T) {
	for times, ok := range map[int]bool{4: true, 5: false} {
		o := newOffice(t)
		anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, o.grouped(2)))
		if err != nil {
			t.Fatal(err)
		}
		o.Store = &meddled{o.store, times}
		_, err = o.Carry(t.Context(), anchor)
		if ok != (err == nil) || !ok && !errors.Is(err, fault.ErrConflict) || ok != (o.stored("f1").State == state.Kept) {
			t.Errorf("after %d others the second is %s: %v", times, o.stored("f1").State, err)
		}
	}
}

// What people decided for all of them is done to those that can be read; the one that
// cannot is owed.
func TestADecisionForAllIsTakenPastOneThatCannotBeRead(t *testing.T) {
	o := newOffice(t)
	anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseRevert, ada, o.grouped(3)))
	if err != nil {
		t.Fatal(err)
	}
	lost := map[string]string{"f0": "f1", "f1": "f0", "f2": "f0"}[anchor.ID]
	o.Store = unread{o.store, lost}
	if _, err := o.Carry(t.Context(), anchor); !errors.Is(err, fault.ErrLater) {
		t.Errorf("carried past it: %v, want the error of what is left", err)
	}
	if f := o.stored("f2"); f.State != state.Approved {
		t.Errorf("the last one is %s", f.State)
	}
	if o.group().Agreed == nil || !o.stored(anchor.ID).Owes(finding.Carry) {
		t.Error("it is owed no more, and not done")
	}
	o.Store = o.store
	if _, err := o.Carry(t.Context(), o.stored(anchor.ID)); err != nil || o.stored(lost).State != state.Approved || o.group().Agreed != nil {
		t.Errorf("once it can be read it is %s: %v", o.stored(lost).State, err)
	}
}
