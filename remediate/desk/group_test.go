package desk_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// needing is a desk at which it takes two to keep.
func needing(d *desk.Desk) {
	d.Authority.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2}
}

func TestAGroupIsThereWithWhatOfItWaitsForAnAnswer(t *testing.T) {
	o := newOffice(t)
	o.grouped(3)
	o.change("f1", func(f *finding.Finding) { *f = f.Superseded(state.ByEvent, o.now, "mended") })
	if _, err := group.Change(t.Context(), o.store, "g1", o.now, func(g group.Group) (group.Group, bool, error) {
		g.Items = append(g.Items, group.Item{Finding: "forgotten"})
		return g, true, nil
	}); err != nil {
		t.Fatal(err)
	}
	g, pending, err := o.Group(t.Context(), "g1")
	if err != nil || g.ID != "g1" || len(pending) != 2 || pending[0].ID != "f0" || pending[1].ID != "f2" {
		t.Errorf("group %q, and %d wait: %v", g.ID, len(pending), err)
	}
	if _, _, err := o.Group(t.Context(), "g2"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("a group that is none: %v", err)
	}
	o.Store = &blind{o.store}
	if _, _, err := o.Group(t.Context(), "g1"); !errors.Is(err, errBlind) {
		t.Errorf("with a store that does not answer: %v", err)
	}
}

// blind is a store that finds no finding, as it does not answer.
type blind struct{ *memory.Store }

var errBlind = errors.New("unavailable")

func (*blind) Finding(context.Context, string) (finding.Finding, error) {
	return finding.Finding{}, errBlind
}

func TestAnAnswerToWhatIsNeitherAFindingNorAGroupIsRefusedAndAStoreThatFailsIsSaid(t *testing.T) {
	o := newOffice(t)
	g := o.grouped(2)
	_, err := o.Answer(t.Context(), "g2", saysOfAll(finding.ChooseKeep, ada, g))
	o.wantRefused(err, finding.ClassNotFound, "there is no finding g2")
	o.Store = &blind{o.store}
	if _, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g)); !errors.Is(err, errBlind) {
		t.Errorf("with a store that does not answer: %v", err)
	}
}

func TestAnAnswerToAllIsInTheLedgerAndAHandOverHasItDueAtOnce(t *testing.T) {
	for _, handOver := range []bool{true, false} {
		o := newOffice(t, func(d *desk.Desk) { d.HandOver = handOver })
		g := o.grouped(2)
		o.now = o.now.Add(time.Minute)
		got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseRevert, ada, g))
		if stored := o.stored("f0"); err != nil || got.Revision != stored.Revision || !got.DueAt.Equal(stored.DueAt) || got.DueAt.Equal(o.now) != handOver {
			t.Errorf("hand over %t: it is due at %s, revision %d of %d: %v", handOver, got.DueAt, got.Revision, stored.Revision, err)
		}
		if rs := o.ledger(); len(rs) != 1 || rs[0].Kind != trail.Voted || rs[0].Who != ada || rs[0].What != "revert of all 2 (f0, f1): by design" {
			t.Errorf("the ledger has %+v", rs)
		}
	}
}

func TestAnAnswerToAllStartsOverWhereAnotherWasFasterAndGivesUpInTheEnd(t *testing.T) {
	for times, ok := range map[int]bool{1: true, 4: true, 5: false} {
		o := newOffice(t)
		g := o.grouped(2)
		o.Store = &meddled{o.store, times}
		got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseRevert, ada, g))
		if ok != (err == nil) || ok != got.Owes(finding.Carry) || ok != (o.group().Agreed != nil) || !ok && !errors.Is(err, fault.ErrConflict) {
			t.Errorf("after %d others it owes %v: %v", times, got.Outbox, err)
		}
	}
}

func TestWhoeverAppliesKeepsTheLeaseWhenTheGroupIsAnsweredMeanwhile(t *testing.T) {
	o := newOffice(t, func(d *desk.Desk) { d.HandOver = true })
	g := o.grouped(2)
	lease := o.now.Add(finding.Lease)
	o.Store = &between{o.store, func() {
		o.change("f0", func(f *finding.Finding) {
			f.State, f.Outbox, f.DueAt = state.Applying, []finding.Effect{finding.Apply}, lease
		})
	}}
	o.now = o.now.Add(time.Minute)
	got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g))
	if err != nil || !got.DueAt.Equal(lease) || !o.stored("f0").DueAt.Equal(lease) {
		t.Errorf("it is due at %s, stored %s, want %s: %v", got.DueAt, o.stored("f0").DueAt, lease, err)
	}
}

// between is a store in which something happens to a finding before it is written.
type between struct {
	*memory.Store
	once func()
}

func (s *between) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if do := s.once; do != nil {
		s.once = nil
		do()
	}
	return s.Store.Update(ctx, f)
}

func TestAnAnswerToAllIsOneToEachThatWaitsForItWithThatPlan(t *testing.T) {
	for _, tt := range []struct {
		name   string
		choice finding.Choice
		change func(*office, *finding.Finding)
		want   int // how many it is about, of three
	}{
		{"all wait", finding.ChooseRevert, func(*office, *finding.Finding) {}, 3},
		{"one was mended", finding.ChooseRevert, func(o *office, f *finding.Finding) { *f = f.Superseded(state.ByEvent, o.now, "mended") }, 2},
		{"one has another plan by now", finding.ChooseRevert, func(_ *office, f *finding.Finding) { f.Plan.Digest = "another" }, 2},
		{"one leaves open what to write", finding.ChooseRevert, func(_ *office, f *finding.Finding) {
			f.Plan = judge.Plan{Digest: f.Plan.Digest, Missing: "what was there before"}
		}, 2},
		{"one leaves open what to write, and all are kept", finding.ChooseKeep, func(_ *office, f *finding.Finding) {
			f.Plan = judge.Plan{Digest: f.Plan.Digest, Missing: "what was there before"}
		}, 3},
	} {
		o := newOffice(t)
		g := o.grouped(3)
		o.change("f1", func(f *finding.Finding) { tt.change(o, f) })
		if _, err := o.Answer(t.Context(), "g1", saysOfAll(tt.choice, ada, g)); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if l := o.group().Timeline; len(l) != 1 || !strings.HasPrefix(l[0].What, string(tt.choice)+" of all "+string(rune('0'+tt.want))) {
			t.Errorf("%s: the group tells %+v", tt.name, l)
		}
	}
}

func TestAnAnswerToAllThatNothingWaitsForIsRefused(t *testing.T) {
	o := newOffice(t)
	g := o.grouped(2)
	keep := saysOfAll(finding.ChooseKeep, ada, g)
	for _, i := range g.Items {
		f := o.stored(i.Finding)
		if _, err := o.Answer(t.Context(), f.ID, says(finding.ChooseKeep, ada, f)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.Answer(t.Context(), "g1", keep)
	o.wantRefused(err, finding.ClassDuplicate, "")
	keep.Principal = bob
	_, err = o.Answer(t.Context(), "g1", keep)
	o.wantRefused(err, finding.ClassDecided, "no finding of this card waits for that answer")
	o.Store = &blind{o.store}
	if _, err := o.Answer(t.Context(), "f0", says(finding.ChooseKeep, ada, o.stored("f1"))); !errors.Is(err, errBlind) {
		t.Errorf("with a store that does not answer: %v", err)
	}
}

func TestTwoWhoAnswerAllDecideTogetherAndOneOfThemTwiceDoesNot(t *testing.T) {
	o := newOffice(t, needing)
	g := o.grouped(2)
	first, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g))
	if err != nil || first.Owes(finding.Carry) || !first.Owes(finding.Notify) {
		t.Errorf("after one of two it owes %v: %v", first.Outbox, err)
	}
	if now := o.group(); now.Agreed != nil || len(now.Answers) != 1 || len(now.Timeline) != 1 || !strings.HasPrefix(now.Timeline[0].What, "all 2: "+ada+" answered keep: 1 of 2") || now.Changes != g.Changes+1 {
		t.Errorf("after one of two the group has %+v, %+v, and tells %+v", now.Agreed, now.Answers, now.Timeline)
	}
	_, err = o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, "user:Ada@example.com", g))
	o.wantRefused(err, finding.ClassDuplicate, "")
	second, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, bob, g))
	if now := o.group(); err != nil || !second.Owes(finding.Carry) || now.Agreed == nil || len(now.Agreed.Answers) != 2 || now.Agreed.Items != 2 || len(now.Answers) != 0 {
		t.Errorf("after two it owes %v, and the group agreed on %+v: %v", second.Outbox, now.Agreed, err)
	}
}

func TestAnAnswerToEachAndOneToAllAreOneVoteOfAPerson(t *testing.T) {
	o := newOffice(t, needing)
	g := o.grouped(2)
	each := func(who string, ids ...string) {
		for _, id := range ids {
			f := o.stored(id)
			if _, err := o.Answer(t.Context(), id, says(finding.ChooseKeep, who, f)); err != nil {
				t.Fatal(err)
			}
		}
	}
	each(ada, "f0", "f1")
	_, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g))
	o.wantRefused(err, finding.ClassDuplicate, "")
	got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, bob, g))
	if err != nil || !got.Owes(finding.Carry) || o.group().Agreed == nil {
		t.Errorf("ada kept each, and bob all: it owes %v, %v", got.Outbox, err)
	}
	other := newOffice(t, needing)
	g = other.grouped(2)
	o = other
	each(ada, "f0") // alone: of the other one it is news
	if got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g)); err != nil || got.Owes(finding.Carry) || len(o.group().Answers) != 1 {
		t.Errorf("ada kept one, and then all: it owes %v, %v", got.Outbox, err)
	}
}

func TestAnAnswerToAllThatOneFindingDoesNotTakeDecidesNothing(t *testing.T) {
	o := newOffice(t)
	g := o.grouped(3)
	o.change("f2", func(f *finding.Finding) { f.Actors = append(f.Actors, cloud.Actor{Principal: ada}) })
	_, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g))
	o.wantRefused(err, finding.ClassActor, "of projects/pay-prod: nothing was decided for the others either")
	if now := o.group(); now.Agreed != nil || len(now.Answers)+len(now.Timeline) > 0 || o.stored("f0").Owes(finding.Carry) {
		t.Errorf("the group has %+v, %+v", now.Agreed, now.Timeline)
	}
}

func TestAnEarlierVoterWhoCannotBeLookedUpHoldsUpAnAnswerToAll(t *testing.T) {
	d := unsure{}
	o := newOffice(t, func(k *desk.Desk) {
		k.Authority = authority.Authority{Directory: d, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2}}
	})
	g := o.grouped(2)
	if _, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, g)); err != nil {
		t.Fatal(err)
	}
	d[ada] = true
	_, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, bob, g))
	o.wantRefused(err, finding.ClassUndetermined, "")
	if now := o.group(); len(now.Answers) != 1 {
		t.Errorf("it is used up: %+v", now.Answers)
	}
	delete(d, ada)
	if got, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, bob, g)); err != nil || !got.Owes(finding.Carry) {
		t.Errorf("once she can be looked up it owes %v: %v", got.Outbox, err)
	}
}

func TestAQuestionWithoutAPlanIsAnsweredWithAllTheOthers(t *testing.T) {
	o := newOffice(t)
	o.grouped(2)
	bare := func(f *finding.Finding) { f.Plan = judge.Plan{} }
	o.change("f1", bare)
	if _, err := group.Change(t.Context(), o.store, "g1", o.now, func(g group.Group) (group.Group, bool, error) {
		g.Items = slices.Clone(g.Items)
		g.Items[1].Digest = ""
		return g, true, nil
	}); err != nil {
		t.Fatal(err)
	}
	anchor, err := o.Answer(t.Context(), "g1", saysOfAll(finding.ChooseKeep, ada, o.group()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Carry(t.Context(), anchor); err != nil || o.stored("f1").State != state.Kept || o.stored("f1").Answers[0].Digest != finding.NoPlan {
		t.Errorf("it is %s by %+v: %v", o.stored("f1").State, o.stored("f1").Answers, err)
	}
}
