package remediate_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// The invariants of docs/security.md that are about a finding's life. Each test
// is named after one, plays random events and looks at every write of a finding.

const randomRuns = 8

// played is a random history of one resource, every stored step of which was
// shown to check.
func played(t *testing.T, check func(t *testing.T, was, is finding.Finding)) {
	t.Helper()
	for seed := range uint64(randomRuns) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 12))
			watch := &watchedStore{t: t, seen: map[string]finding.Finding{}, also: check}
			g := newRig(t, set{public: []policies.Enforcement{policies.Approve, policies.Revert}[seed%2]}, func(c *setup) {
				watch.Store = c.Store
				c.Store = watch
				c.OnExpiry = []remediate.Expiry{remediate.LeaveOnExpiry, remediate.RevertOnExpiry}[rng.IntN(2)]
			})
			var past []cloud.Change
			for range 30 {
				switch rng.IntN(6) {
				case 0, 1:
					g.grant(apiPath, "roles/run.invoker", []string{"allUsers", "allAuthenticatedUsers"}[rng.IntN(2)])
					past = append(past, g.events()...)
				case 2:
					if len(past) > 0 {
						_, _ = g.Handle(t.Context(), past[rng.IntN(len(past))])
					}
				case 3:
					g.pass(time.Duration(rng.IntN(50)) * time.Minute)
					_, _ = g.Sweep(t.Context())
				case 4:
					g.answerAtRandom(rng)
				case 5:
					_, _ = g.Sweep(t.Context())
				}
			}
			if len(watch.seen) == 0 {
				t.Error("no finding came of it: the test cannot fail")
			}
		})
	}
}

func TestI1AFindingLeavesPendingAtMostOnce(t *testing.T) {
	t.Parallel()
	left := map[string]int{}
	played(t, func(t *testing.T, was, is finding.Finding) {
		if was.State == state.Pending && is.State != state.Pending {
			run := t.Name() + is.ID // runs make findings of the same ids
			if left[run]++; left[run] > 1 {
				t.Errorf("%s left pending again, for %s", is.ID, is.State)
			}
		}
	})
	if len(left) == 0 {
		t.Error("no finding ever left pending: the test cannot fail")
	}
}

func TestI2OnlyThePlanThatWasAnsweredIsCarriedOut(t *testing.T) {
	t.Parallel()
	applied := 0
	played(t, func(t *testing.T, was, is finding.Finding) {
		if is.State != state.Applying || was.State == state.Applying {
			return
		}
		applied++
		if is.Automatic {
			return
		}
		said := func(a finding.Answer) bool {
			return a.Choice == finding.ChooseRevert && len(a.Digest) >= 8 && strings.HasPrefix(is.Plan.Digest, a.Digest)
		}
		if !slices.ContainsFunc(is.Answers, said) {
			t.Errorf("%s carries out the plan %s, and nobody answered that one: %+v", is.ID, is.Plan.Digest, is.Answers)
		}
	})
	if applied == 0 {
		t.Error("no plan was ever carried out: the test cannot fail")
	}
}

// What live state no longer is when the plan comes to be carried out is not
// written over, whoever approved it.
func TestI2APlanIsNotCarriedOutOnStateItWasNotMadeFor(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	f, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	g.must(err)
	g.editPolicy(apiPath, func(p *iampb.Policy) { p.Bindings = nil })
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Superseded, "already fixed")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes on state that was fixed already", n)
	}
}

func TestI6WhatEndedStaysAsItEnded(t *testing.T) {
	t.Parallel()
	ended := 0
	played(t, func(t *testing.T, was, is finding.Finding) {
		if !was.State.Ended() {
			return
		}
		ended++
		asked := was.State == state.Reported && is.State == state.Approved
		if is.State != was.State && !asked {
			t.Errorf("%s ended %s and is %s now", is.ID, was.State, is.State)
		}
		if !reflect.DeepEqual(is.Answers, was.Answers) && !asked {
			t.Errorf("%s ended %s, and got an answer after that", is.ID, was.State)
		}
	})
	if ended == 0 {
		t.Error("no ended finding was ever written again: the test cannot fail")
	}
}

func TestI12AnApprovalThatWasNotCarriedOutInTimeTakesANewOne(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		enforce policies.Enforcement
		expiry  remediate.Expiry
		approve func(*rig, finding.Finding) finding.Finding
		after   time.Duration
		want    state.State
		writes  int
	}{
		{"a person's holds through a pause of a day", policies.Approve, remediate.LeaveOnExpiry, byAda, 24 * time.Hour, state.Reverted, 1},
		{"a person's ends a day and an hour after it was given", policies.Approve, remediate.LeaveOnExpiry, byAda, 25*time.Hour + time.Second, state.Expired, 0},
		{"a policy's becomes a question when the change has grown old", policies.Revert, remediate.LeaveOnExpiry, byPolicy, 61 * time.Minute, state.Pending, 0},
		{"silence's ends as well, rather than ask a second time", policies.Approve, remediate.RevertOnExpiry, bySilence, 26 * time.Hour, state.Expired, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{public: tt.enforce}, func(c *setup) { c.OnExpiry = tt.expiry })
			g.pause(time.Hour) // so that what is approved is not carried out at once
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			f := tt.approve(g, g.one())
			if f.State != state.Approved {
				t.Fatalf("the finding is %s: %s", f.State, f.Why)
			}
			g.pass(tt.after)
			_, err := g.Sweep(t.Context())
			g.must(err)
			if f = g.stored(f.ID); f.State != tt.want || g.writes() != tt.writes {
				t.Errorf("the finding is %s (%s) after %d writes, want %s after %d", f.State, f.Why, g.writes(), tt.want, tt.writes)
			}
		})
	}
}

// What lapsed was settled by nobody, so the next scan asks anew.
func TestI12WhatLapsedIsAskedAboutAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.pause(time.Hour)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := byAda(g, g.one())
	g.pass(26 * time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	out, err := g.Scan(t.Context(), f.Resource)
	g.must(err)
	if len(out.Findings) != 1 || out.Findings[0].ID == f.ID || out.Findings[0].State != state.Pending {
		t.Errorf("a scan comes to %+v, want one new question", out)
	}
}

func byAda(g *rig, f finding.Finding) finding.Finding {
	g.t.Helper()
	_, err := g.Answer(g.t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	g.must(err)
	f, err = g.Work(g.t.Context(), f.ID)
	g.must(err)
	return f
}

func byPolicy(_ *rig, f finding.Finding) finding.Finding { return f }

func bySilence(g *rig, f finding.Finding) finding.Finding {
	g.t.Helper()
	g.pass(f.ExpiresAt.Sub(g.Clock()) - time.Minute)
	g.pause(time.Hour)
	g.pass(time.Minute)
	_, err := g.Sweep(g.t.Context())
	g.must(err)
	return g.stored(f.ID)
}
