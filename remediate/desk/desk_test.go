package desk_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const (
	ada = "user:ada@example.com"
	bob = "user:bob@example.com"
	eve = "user:eve@example.com" // no approver, who makes the changes
)

// office is a desk over a store in memory, with a clock of its own.
type office struct {
	desk.Desk
	t     *testing.T
	store *memory.Store
	now   time.Time
}

func newOffice(t *testing.T, change ...func(*desk.Desk)) *office {
	t.Helper()
	o := &office{t: t, store: memory.New(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return o.now }
	o.Desk = desk.Desk{
		Store: o.store, ExpiresIn: time.Hour, Now: clock, OnCall: []string{"pagerduty"},
		Authority: authority.Authority{Approvers: map[string]bool{ada: true, bob: true}},
		Ledger:    trail.NewLedger(o.store, clock, slog.New(slog.DiscardHandler)),
	}
	for _, f := range change {
		f(&o.Desk)
	}
	return o
}

// asked stores a question about a grant, opened now.
func (o *office) asked(id string, change ...func(*finding.Finding)) finding.Finding {
	o.t.Helper()
	r := cloud.ProjectResource("pay-prod")
	plan := judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: r,
		Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/editor", Member: "user:eve@example.com"}}}}}, "")
	f := finding.Opened(id, judge.Judgement{Plan: plan, Decision: judge.Ask, Result: policies.Result{Policy: "editors", Verdict: policies.Violation}},
		cloud.Change{ID: "c " + id, Resource: r, Time: o.now, Actor: cloud.Actor{Principal: eve}}, o.now).Decided(o.now, time.Hour)
	for _, by := range change {
		by(&f)
	}
	f, err := o.store.Create(o.t.Context(), f)
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

func (o *office) stored(id string) finding.Finding {
	o.t.Helper()
	f, err := o.store.Finding(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

// says is an answer to the finding as it stands.
func says(c finding.Choice, who string, f finding.Finding) finding.Answer {
	return finding.Answer{Choice: c, Principal: who, Via: "cli", Reason: "by design", Revision: f.Revision, Digest: f.DigestFor(c)}
}

// ledger is what was recorded, oldest first.
func (o *office) ledger() (out []trail.Record) {
	o.t.Helper()
	for r, err := range o.Ledger.Records(o.t.Context(), time.Time{}, o.now.Add(time.Minute)) {
		if err != nil {
			o.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func (o *office) wantRefused(err error, c finding.RefusedClass, says string) {
	o.t.Helper()
	var refused *finding.RefusedError
	if !errors.As(err, &refused) || refused.Class != c || !strings.Contains(refused.Why, says) {
		o.t.Errorf("%v, want it refused as %s that says %q", err, c, says)
	}
}

// meddled is a store in which another process changes the finding first, so many
// times.
type meddled struct {
	*memory.Store
	times int
}

func (s *meddled) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if s.times--; s.times >= 0 {
		return finding.Finding{}, fault.ErrConflict
	}
	return s.Store.Update(ctx, f)
}

func TestAnAnswerIsRecordedAndWhatItLeadsToIsOwed(t *testing.T) {
	o := newOffice(t)
	f := o.asked("f1")
	got, err := o.Answer(t.Context(), "f1", says(finding.ChooseRevert, ada, f))
	if err != nil || got.State != state.Approved || !got.Owes(finding.Apply) || got.Revision != f.Revision+1 {
		t.Errorf("it is %s at revision %d, and owes %v: %v", got.State, got.Revision, got.Outbox, err)
	}
	if a := o.stored("f1").Answers[0]; !a.At.Equal(o.now) || a.Grounds != "named in the configuration" || a.Principal != ada {
		t.Errorf("stored is %+v", a)
	}
	if len(o.ledger()) > 0 {
		t.Errorf("an answer that counts is in the ledger: %v", o.ledger())
	}
	_, err = o.Answer(t.Context(), "f1", says(finding.ChooseKeep, bob, f))
	o.wantRefused(err, finding.ClassDecided, "the finding is approved")
}

func TestWhatIsRefusedIsInTheLedgerAndChangesNothing(t *testing.T) {
	o := newOffice(t)
	f := o.asked("f1")
	ahead := says(finding.ChooseKeep, ada, f)
	ahead.Revision = f.Revision + 1
	for i, tt := range []struct {
		id   string
		a    finding.Answer
		want finding.RefusedClass
	}{
		{"f1", says(finding.ChooseKeep, eve, f), finding.ClassNotApprover},
		{"f1", ahead, finding.ClassStale},
		{"f2", says(finding.ChooseKeep, ada, f), finding.ClassNotFound},
		{"f1", says(finding.ChooseUndo, ada, f), finding.ClassNoPlan},
	} {
		_, err := o.Answer(t.Context(), tt.id, tt.a)
		o.wantRefused(err, tt.want, "")
		rs := o.ledger()
		if len(rs) != i+1 || rs[i].Kind != trail.Refused || rs[i].Class != string(tt.want) || rs[i].Who != tt.a.Principal || rs[i].Finding != tt.id {
			t.Errorf("the ledger has %+v", rs)
		}
	}
	if got := o.stored("f1"); got.Revision != f.Revision {
		t.Errorf("it is at revision %d, was %d", got.Revision, f.Revision)
	}
}

func TestAnAnswerStartsOverWhereAnotherWasFasterAndGivesUpInTheEnd(t *testing.T) {
	for times, ok := range map[int]bool{4: true, 5: false} {
		o := newOffice(t)
		f := o.asked("f1")
		o.Store = &meddled{o.store, times}
		_, err := o.Answer(t.Context(), "f1", says(finding.ChooseRevert, ada, f))
		if ok != (err == nil) || !ok && !errors.Is(err, fault.ErrConflict) {
			t.Errorf("after %d others: %v", times, err)
		}
	}
}

func TestADeskWithoutAWorkerBesideItMakesWhatItRecordsDueAtOnce(t *testing.T) {
	o := newOffice(t, func(d *desk.Desk) { d.HandOver = true })
	f := o.asked("f1")
	o.now = o.now.Add(time.Minute)
	if got, err := o.Answer(t.Context(), "f1", says(finding.ChooseRevert, ada, f)); err != nil || !got.DueAt.Equal(o.now) {
		t.Errorf("due at %s, %v; want now", got.DueAt, err)
	}
	beside := newOffice(t)
	f = beside.asked("f1")
	if got, err := beside.Answer(t.Context(), "f1", says(finding.ChooseRevert, ada, f)); err != nil || !got.DueAt.Equal(beside.now.Add(finding.Lease)) {
		t.Errorf("with a worker beside it due at %s, %v", got.DueAt, err)
	}
}

func TestAMessageThatSomebodySawIsKeptUpToDateFromThenOn(t *testing.T) {
	o := newOffice(t)
	o.asked("f1")
	at := finding.Surface{Kind: "slack", Channel: "C01", ID: "1.1"}
	for range 2 {
		got, err := o.RecordSurface(t.Context(), "f1", at)
		if err != nil || len(got.Surfaces) != 1 || !got.Owes(finding.Notify) || got.State != state.Pending {
			t.Errorf("shown at %v, owes %v: %v", got.Surfaces, got.Outbox, err)
		}
	}
	_, err := o.RecordSurface(t.Context(), "f2", at)
	o.wantRefused(err, finding.ClassNotFound, "there is no finding f2")
}
