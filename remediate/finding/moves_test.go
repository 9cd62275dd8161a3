package finding

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const ada = "user:ada@example.com"

// editor is the plan that takes one grant away.
var editor = judge.NewPlan([]judge.Step{{
	Kind: policies.RemoveGrants, Resource: cloud.ProjectResource("pay-prod"),
	Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/editor", Member: "user:eve@example.com"}}},
}}, "")

// in is a finding in that state, an hour after it was opened, with the plan owed
// where it has to be.
func in(s state.State) Finding {
	f := Opened("f1", judge.Judgement{Plan: editor, Decision: judge.Ask}, cloud.Change{
		ID: "c1", Resource: cloud.ProjectResource("pay-prod"), Time: noon.Add(-time.Hour), Actor: cloud.Actor{Principal: "user:eve@example.com"},
	}, noon.Add(-time.Hour))
	f.State, f.Attempts = s, 3
	if s == state.Pending {
		f.ExpiresAt = noon.Add(time.Hour)
	}
	if s.Ended() {
		f.EndedAt = noon.Add(-time.Minute)
	}
	if s != state.None {
		f = f.withEvent(noon.Add(-time.Minute), "", "as it was")
	}
	f.Outbox = nil
	if s == state.Approved || s.Working() {
		f.Outbox = []Effect{Apply}
	}
	return f
}

// move is a step of a finding's life: where it leads, and by what.
type move struct {
	name string
	to   state.State
	by   state.Cause
	do   func(f Finding) Finding
	owes []Effect // besides the publishing of what happened
	who  string
}

func answered(c Choice) Answer {
	return Answer{Choice: c, Principal: ada, Via: "cli", At: noon, Reason: "by design", Until: noon.Add(24 * time.Hour)}
}

// judgedNext is the finding that a later look at the same change begins as.
func judgedNext(f Finding, decision judge.Decision, v policies.Verdict) Finding {
	next := Opened(f.ID, judge.Judgement{Plan: editor, Decision: decision, Result: policies.Result{Verdict: v}}, f.Change, noon)
	return next.Decided(noon, time.Hour)
}

func moves() []move {
	errDown := errors.New("down")
	decided := func(d judge.Decision, v policies.Verdict) func(Finding) Finding {
		return func(f Finding) Finding { f.Decision, f.Verdict = d, v; return f.Decided(noon, time.Hour) }
	}
	rejudged := func(d judge.Decision, v policies.Verdict, by state.Cause) func(Finding) Finding {
		return func(f Finding) Finding { return f.Rejudged(judgedNext(f, d, v), by) }
	}
	put := func(c Choice, do func(f Finding, a Answer) Finding) func(Finding) Finding {
		return func(f Finding) Finding { return do(f.Answered(answered(c)), answered(c)) }
	}
	end := func(s state.State) func(Finding) Finding {
		return func(f Finding) Finding { return f.NotApplied(s, noon, "not applied") }
	}
	toldOf, both := []Effect{Notify}, []Effect{Apply, Notify}
	out := []move{
		{"a judgement that only reports", state.Reported, state.ByEvent, decided(judge.Report, policies.Violation), toldOf, ""},
		{"one that asks", state.Pending, state.ByEvent, decided(judge.Ask, policies.Violation), toldOf, ""},
		{"one that reverts", state.Approved, state.ByEvent, decided(judge.Revert, policies.Violation), both, ""},
		{"one that is exempt", state.Exempted, state.ByEvent, decided(judge.Revert, policies.Exempt), nil, ""},
		{"one that waits", state.Waiting, state.ByEvent, func(f Finding) Finding { return f.Deferred(noon.Add(time.Minute), noon, "grace") }, nil, ""},
		{"one of what is gone by then", state.Superseded, state.ByEvent, func(f Finding) Finding { return f.Superseded(state.ByEvent, noon, "fixed") }, nil, ""},
		{"what was waited for never shows", state.Superseded, state.ByTimer, func(f Finding) Finding { return f.Superseded(state.ByTimer, noon, "vanished") }, nil, ""},
		{"an approval", state.Approved, state.ByPerson, put(ChooseRevert, Finding.Approved), both, ada},
		{"a keep", state.Kept, state.ByPerson, put(ChooseKeep, Finding.Kept), toldOf, ada},
		{"an exemption", state.Exempted, state.ByPerson, put(ChooseExempt, func(f Finding, a Answer) Finding { return f.Exempted(a, []Answer{a}) }), toldOf, ada},
		{"a silence that leaves it", state.Expired, state.ByTimer, func(f Finding) Finding { return f.Expired(noon, "") }, toldOf, ""},
		{"a silence that reverts", state.Approved, state.ByTimer, func(f Finding) Finding { return f.ApprovedBySilence(noon) }, both, ""},
		{"live state that cannot be read", state.Failed, state.ByTimer, func(f Finding) Finding { return f.Unreadable(noon, errDown) }, toldOf, ""},
		{"a claim", state.Applying, state.ByEffect, func(f Finding) Finding { return f.Claimed(noon, editor.Steps) }, nil, ""},
		{"an approval that is overdue", state.Expired, state.ByEffect, func(f Finding) Finding { return f.Overdue(noon, time.Hour) }, toldOf, ""},
		{"an automatic revert that is overdue", state.Pending, state.ByEffect, func(f Finding) Finding {
			f.Automatic, f.ExpiresAt = true, time.Time{}
			return f.Overdue(noon, time.Hour)
		}, toldOf, ""},
		{"an approval that no longer holds", state.Superseded, state.ByEffect, func(f Finding) Finding { return f.Disapproved(noon, "ada left") }, toldOf, ""},
		{"a revert that is seen to hold", state.Reverted, state.ByEffect, func(f Finding) Finding { return f.Reverted(noon, "") }, toldOf, ""},
		{"an undo that is seen to hold", state.Undone, state.ByEffect, func(f Finding) Finding { f.UndoOf = "f0"; return f.Reverted(noon, "") }, toldOf, ""},
		{"a plan that is no longer needed", state.Superseded, state.ByEffect, end(state.Superseded), toldOf, ""},
		{"a missing permission", state.Blocked, state.ByEffect, end(state.Blocked), toldOf, ""},
		{"a refusal", state.Failed, state.ByEffect, end(state.Failed), toldOf, ""},
		{"a write that does not show yet", state.Uncertain, state.ByEffect, func(f Finding) Finding { return f.Unverified(noon, errDown) }, both, ""},
	}
	for _, by := range []state.Cause{state.ByEvent, state.ByTimer} {
		out = append(out,
			move{"a later look that reports, by " + string(by), state.Reported, by, rejudged(judge.Report, policies.Violation, by), toldOf, ""},
			move{"a later look that asks, by " + string(by), state.Pending, by, rejudged(judge.Ask, policies.Violation, by), toldOf, ""},
			move{"a later look that reverts, by " + string(by), state.Approved, by, rejudged(judge.Revert, policies.Violation, by), both, ""},
			move{"a later look that is exempt, by " + string(by), state.Exempted, by, rejudged(judge.Revert, policies.Exempt, by), nil, ""},
			move{"a later look that waits on, by " + string(by), state.Waiting, by, func(f Finding) Finding {
				next := Opened(f.ID, judge.Judgement{Plan: editor}, f.Change, noon).Deferred(noon.Add(time.Minute), noon, "grace")
				return f.Rejudged(next, by)
			}, nil, ""})
	}
	return out
}

// from are all states that a finding can be in before a move.
func from() []state.State { return append([]state.State{state.None}, state.All()...) }

func TestAMoveLeadsWhereTheTableSaysAndNowhereElse(t *testing.T) {
	for _, m := range moves() {
		for _, s := range from() {
			t.Run(m.name+" from "+string(s), func(t *testing.T) {
				was := in(s)
				is := m.do(was)
				if !state.Leads(s, m.to, m.by) {
					if is.Misstep == "" || is.State != s || len(is.Timeline) != len(was.Timeline) || !slices.Equal(is.Outbox, was.Outbox) {
						t.Errorf("%q leads to %q with %v and misstep %q; want it refused", s, is.State, is.Outbox, is.Misstep)
					}
					return
				}
				if is.Misstep != "" || is.State != m.to {
					t.Fatalf("it leads to %q (%s), want %q", is.State, is.Misstep, m.to)
				}
				wantTold(t, was, is, m.who)
				wantOwed(t, was, is, m.owes)
			})
		}
	}
}

// wantTold checks that the trail tells of the move, and goes on from the one before.
func wantTold(t *testing.T, was, is Finding, who string) {
	t.Helper()
	if err := errors.Join(is.Extends(was), is.VerifyTrail()); err != nil {
		t.Error(err)
	}
	last := is.Timeline[len(is.Timeline)-1]
	if len(is.Timeline) != len(was.Timeline)+1 || last.State != is.State || last.Who != who || last.What == "" || last.Plan != is.Plan.Digest {
		t.Errorf("the trail ends with %+v", last)
	}
	if via := map[bool]string{true: "cli"}[who != ""]; last.Via != via {
		t.Errorf("it came via %q, want %q", last.Via, via)
	}
	if !is.UpdatedAt.Equal(noon) || is.State.Ended() != is.EndedAt.Equal(noon) || is.State.Ended() == is.EndedAt.IsZero() {
		t.Errorf("updated at %s, ended at %s", is.UpdatedAt, is.EndedAt)
	}
}

// wantOwed checks the outbox, and when the sweep comes for it.
func wantOwed(t *testing.T, was, is Finding, want []Effect) {
	t.Helper()
	want = append(slices.Clone(want), Publish)
	if was.Owes(Apply) && (is.State == state.Approved || is.State.Working()) && !slices.Contains(want, Apply) {
		want = append(want, Apply)
	}
	got := slices.Clone(is.Outbox)
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("owed (-want +got):\n%s", d)
	}
	if is.DueAt.IsZero() || is.DueAt.Before(noon) || is.DueAt.After(noon.Add(5*time.Minute)) {
		t.Errorf("it owes %v and is due at %s", is.Outbox, is.DueAt)
	}
	kept := was.State.Working() && is.State.Working()
	if attempts := map[bool]int{true: was.Attempts}[kept]; is.Attempts != attempts && is.State != state.Uncertain {
		t.Errorf("%d attempts, want %d", is.Attempts, attempts)
	}
	if is.State == state.Approved && !is.ExecuteBy.Equal(noon.Add(MaxPause+time.Hour)) {
		t.Errorf("the approval holds until %s", is.ExecuteBy)
	}
}

// TestEveryArrowHasAMoveThatTakesIt counts those of an undo, which begins as a
// question that a person puts.
func TestEveryArrowHasAMoveThatTakesIt(t *testing.T) {
	taken := map[state.Cause]map[[2]state.State]bool{state.ByPerson: {{state.None, in(state.Reverted).UndoBegun("u", noon, time.Hour).State}: true}}
	for _, m := range moves() {
		for _, s := range from() {
			if is := m.do(in(s)); is.Misstep == "" {
				if taken[m.by] == nil {
					taken[m.by] = map[[2]state.State]bool{}
				}
				taken[m.by][[2]state.State{s, is.State}] = true
			}
		}
	}
	for _, a := range from() {
		for _, b := range state.All() {
			for _, by := range []state.Cause{state.ByEvent, state.ByPerson, state.ByTimer, state.ByEffect} {
				if state.Leads(a, b, by) && !taken[by][[2]state.State{a, b}] {
					t.Errorf("from %q to %q by %s: no move does that", a, b, by)
				}
			}
		}
	}
}

func TestAMoveChangesNothingOfTheFindingItBeganWith(t *testing.T) {
	for _, m := range moves() {
		for _, s := range from() {
			was := in(s)
			was.Outbox, was.Actors, was.Answers = slices.Grow(was.Outbox, 9), slices.Grow(was.Actors, 9), slices.Grow(was.Answers, 9)
			was.Timeline, was.Reasons = slices.Grow(was.Timeline, 9), slices.Grow(was.Reasons, 9)
			before := whole(t, was)
			_ = m.do(was)
			if d := cmp.Diff(before, whole(t, was)); d != "" {
				t.Errorf("%s from %q (-before +after):\n%s", m.name, s, d)
			}
		}
	}
}

// whole is the finding as it is stored, with what is behind the ends of its lists.
func whole(t *testing.T, f Finding) string {
	t.Helper()
	f.Outbox, f.Actors, f.Answers = f.Outbox[:cap(f.Outbox)], f.Actors[:cap(f.Actors)], f.Answers[:cap(f.Answers)]
	f.Timeline, f.Reasons = f.Timeline[:cap(f.Timeline)], f.Reasons[:cap(f.Reasons)]
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A process that finds its own move taken already must not take it twice.
func TestAMoveThatWasMadeIsRefusedTheSecondTimeOrTellsNothingNew(t *testing.T) {
	for _, m := range moves() {
		for _, s := range from() {
			once := m.do(in(s))
			if once.Misstep != "" {
				continue
			}
			twice := m.do(once)
			if twice.Misstep == "" && (twice.State != once.State || len(twice.Timeline) != len(once.Timeline)) {
				t.Errorf("%s from %q, made twice, ends as %s with %d events, not %d", m.name, s, twice.State, len(twice.Timeline), len(once.Timeline))
			}
		}
	}
}

func TestOnCallIsToldOfTheEndOfWhatTheyWerePagedAbout(t *testing.T) {
	for _, m := range moves() {
		for _, s := range from() {
			was := in(s)
			was.PagedAt = noon.Add(-time.Minute)
			if is := m.do(was); is.Misstep == "" && is.State.Ended() != is.Owes(Resolve) {
				t.Errorf("%s from %q: ended %t, and owes %v", m.name, s, is.State.Ended(), is.Outbox)
			}
		}
	}
}

func TestWhatIsToldOfAnEndLaterDoesNotMoveIt(t *testing.T) {
	f := in(state.Kept)
	f.UndeliveredSince = noon.Add(-time.Minute)
	if got := f.Undeliverable(noon, nil); !got.EndedAt.Equal(f.EndedAt) || got.State != state.Kept {
		t.Errorf("it is %s and ended at %s, want %s", got.State, got.EndedAt, f.EndedAt)
	}
	f.EndedAt, f.PagedAt = time.Time{}, noon.Add(-time.Minute) // from before ends were recorded
	if got := f.Undeliverable(noon, nil); !got.EndedAt.Equal(noon) || !got.Owes(Resolve) {
		t.Errorf("it ended at %s and owes %v", got.EndedAt, got.Outbox)
	}
	open := in(state.Pending)
	open.UndeliveredSince, open.PagedAt = noon.Add(-time.Minute), noon.Add(-time.Minute)
	if got := open.Undeliverable(noon, nil); !got.EndedAt.IsZero() || got.Owes(Resolve) {
		t.Errorf("a question ended at %s for it, and owes %v", got.EndedAt, got.Outbox)
	}
}

func TestAMisstepSaysWhichMoveWasTried(t *testing.T) {
	got := in(state.Reverted).Kept(answered(ChooseKeep)).Misstep
	if !strings.Contains(got, `no person leads from "reverted" to "kept"`) {
		t.Errorf("it says %q", got)
	}
}
