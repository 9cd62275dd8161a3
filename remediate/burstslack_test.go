package remediate_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// opens stores one more finding that asks about a service of its own, made
// public by jo, and works on it as Handle would.
func (b *burst) opens(change ...func(*finding.Finding)) finding.Finding {
	b.t.Helper()
	b.made++
	now := b.Clock()
	res := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprintf("api-%d", b.made))
	f := finding.Finding{
		ID: finding.ID(fmt.Sprint("change ", b.made), public, res), Policy: public, Title: "Public invoker", Severity: policies.High,
		Verdict: policies.Violation, Message: "anyone on the internet can invoke it", Decision: judge.Ask, Resource: res,
		Change: cloud.Change{ID: fmt.Sprint("change ", b.made), Time: now, Resource: res, Verb: cloud.SetPolicy, Actor: cloud.Actor{Principal: jo}},
		Actors: []cloud.Actor{{Principal: jo}},
		Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: res, Before: judge.StepState{
			Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}}}}, ""),
		State: state.Pending, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour), DueAt: now.Add(30 * time.Second),
		Outbox: []finding.Effect{finding.Notify}, Timeline: []trail.Event{{At: now, State: state.Pending, What: "asked"}},
	}
	for _, c := range change {
		c(&f)
	}
	f, err := b.Store.Create(b.t.Context(), f)
	b.must(err)
	f, err = b.Work(b.t.Context(), f.ID)
	b.must(err)
	return f
}

func (b *burst) several(n int) (out []finding.Finding) {
	b.t.Helper()
	for range n {
		out = append(out, b.opens())
	}
	b.settle()
	return out
}

// settle sweeps, and lets time pass, until nothing is owed for now.
func (b *burst) settle() {
	b.t.Helper()
	for range 2000 {
		if !b.Store.(*indexed).owes() {
			return
		}
		if _, err := b.SweepFor(b.t.Context(), time.Minute); err != nil {
			b.t.Fatal(err)
		}
		b.pass(time.Second)
	}
	b.t.Fatal("something is owed for ever")
}

// cards are the messages outside threads.
func (b *burst) cards() (out []simslack.Message) {
	for _, m := range b.slack.Messages() {
		if m.Thread == "" {
			out = append(out, m)
		}
	}
	return out
}

func (b *burst) card() simslack.Message {
	b.t.Helper()
	cs := b.cards()
	if len(cs) != 1 {
		b.t.Fatalf("%d messages, want one: %+v", len(cs), cs)
	}
	return cs[0]
}

func (b *burst) stored(f finding.Finding) finding.Finding {
	b.t.Helper()
	f, err := b.Store.Finding(b.t.Context(), f.ID)
	b.must(err)
	return f
}

// click presses a button of the message as it stands and returns the finding
// that the answer came to.
func (b *burst) click(m simslack.Message, action, who, reason string) (finding.Finding, error) {
	b.t.Helper()
	_, rest, ok := strings.Cut(string(m.Blocks), `"action_id":"`+action+`"`)
	if !ok {
		b.t.Fatalf("no button %s in %s", action, m.Blocks)
	}
	_, rest, _ = strings.Cut(rest, `"value":"`)
	value, _, _ := strings.Cut(rest, `"`)
	p := strings.Split(value, ".")
	var rev int64
	_, err := fmt.Sscan(p[2], &rev)
	b.must(err)
	choice := finding.ChooseRevert
	if strings.Contains(action, "keep") {
		choice = finding.ChooseKeep
	}
	return b.Answer(b.t.Context(), p[1], finding.Answer{Choice: choice, Principal: who, Via: "test", Reason: reason, Revision: rev, Digest: p[3]})
}

func (b *burst) states() map[state.State]int {
	b.t.Helper()
	fs, err := b.Store.Findings(b.t.Context(), finding.Query{})
	b.must(err)
	out := map[state.State]int{}
	for _, f := range fs {
		out[f.State]++
	}
	return out
}

func (b *burst) wantStates(want map[state.State]int) {
	b.t.Helper()
	if got := b.states(); fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("states %v, want %v", got, want)
	}
}

func refusedFor(err error, says string) bool {
	var refused *finding.RefusedError
	return errors.As(err, &refused) && strings.Contains(refused.Why, says)
}
