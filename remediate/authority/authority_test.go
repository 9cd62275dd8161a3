package authority

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

var t0 = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

var publicGrant = cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}

// pendingFinding is a question about a public grant that mallory made.
func pendingFinding() finding.Finding {
	api := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	c := cloud.Change{ID: "c1", Resource: api, Time: t0, Actor: cloud.Actor{Principal: "user:mallory@example.com", Delegation: []string{"serviceAccount:ci@pay-prod.iam.gserviceaccount.com"}}}
	g := judge.Judgement{
		Result:   policies.Result{Policy: "no-public-invoker", Verdict: policies.Violation, Grants: []cloud.Grant{publicGrant}},
		Plan:     judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: api, Before: judge.StepState{Grants: []cloud.Grant{publicGrant}}}}, ""),
		Decision: judge.Ask,
	}
	return finding.Opened(finding.ID(c.ID, g.Policy, api), g, c, t0).Decided(t0, time.Hour)
}

func TestAnswerIsAdmittedByAuthority(t *testing.T) {
	authority := Authority{
		Approvers: map[string]bool{
			"user:ada@example.com": true, "user:mallory@example.com": true,
			"serviceAccount:ci@pay-prod.iam.gserviceaccount.com": true,
		},
	}
	digest := pendingFinding().Plan.Digest
	ada := func(c finding.Choice) finding.Answer {
		return finding.Answer{Choice: c, Principal: "user:ada@example.com", Digest: digest[:8], At: t0.Add(time.Minute), Reason: "public by design"}
	}
	by := func(a finding.Answer, principal string) finding.Answer { a.Principal = principal; return a }
	at := func(a finding.Answer, d time.Duration) finding.Answer { a.At = t0.Add(d); return a }
	because := func(a finding.Answer, reason string) finding.Answer { a.Reason = reason; return a }
	until := func(a finding.Answer, d time.Duration) finding.Answer { a.Until = t0.Add(d); return a }
	with := func(a finding.Answer, digest string) finding.Answer { a.Digest = digest; return a }

	for _, tt := range []struct {
		name    string
		finding func(finding.Finding) finding.Finding
		answer  finding.Answer
		state   state.State
		refused string
	}{
		{name: "an approver reverts", answer: ada(finding.ChooseRevert), state: state.Approved},
		{name: "an approver who did not make the change keeps it", answer: ada(finding.ChooseKeep), state: state.Kept},
		{name: "the actor may revert", answer: by(ada(finding.ChooseRevert), "user:mallory@example.com"), state: state.Approved},
		{name: "the actor may not keep", answer: by(ada(finding.ChooseKeep), "user:mallory@example.com"), state: state.Pending, refused: "cannot keep it"},
		{name: "the actor under another case of their address may not keep", answer: by(ada(finding.ChooseKeep), "user:Mallory@example.com"), state: state.Pending, refused: "cannot keep it"},
		{name: "whom the actor acted through may not keep", answer: by(ada(finding.ChooseKeep), "serviceAccount:ci@pay-prod.iam.gserviceaccount.com"), state: state.Pending, refused: "cannot keep it"},
		{name: "a stranger may do nothing", answer: by(ada(finding.ChooseRevert), "user:eve@example.com"), state: state.Pending, refused: "not an approver"},
		{name: "nobody may do nothing", answer: by(ada(finding.ChooseRevert), ""), state: state.Pending, refused: "not an approver"},
		{name: "an answer at the moment of expiry is late", answer: at(ada(finding.ChooseRevert), time.Hour), state: state.Pending, refused: "expired at 2026-11-20T04:00:00Z"},
		{name: "an answer just before expiry counts", answer: at(ada(finding.ChooseRevert), time.Hour-time.Nanosecond), state: state.Approved},
		{name: "an answer to another plan is refused", answer: with(ada(finding.ChooseRevert), "0badc0de"), state: state.Pending, refused: "plan changed"},
		{name: "an answer with no digest is refused", answer: with(ada(finding.ChooseRevert), ""), state: state.Pending, refused: "plan changed"},
		{name: "an answer with a short digest is refused", answer: with(ada(finding.ChooseRevert), digest[:7]), state: state.Pending, refused: "plan changed"},
		{name: "an unknown choice is refused", answer: ada("explode"), state: state.Pending, refused: `unknown answer "explode"`},
		{name: "a keep takes a reason", answer: because(ada(finding.ChooseKeep), " "), state: state.Pending, refused: "a keep takes a reason"},
		{name: "a reason has an end", answer: because(ada(finding.ChooseKeep), strings.Repeat("x", 501)), state: state.Pending, refused: "at most 500"},
		{name: "one of two who exempt leaves it open", answer: until(ada(finding.ChooseExempt), 8*time.Hour), state: state.Pending},
		{name: "the actor may not exempt", answer: by(until(ada(finding.ChooseExempt), 8*time.Hour), "user:mallory@example.com"), state: state.Pending, refused: "cannot exempt it"},
		{name: "an exemption has an end", answer: ada(finding.ChooseExempt), state: state.Pending, refused: "end later than now"},
		{name: "an exemption that has ended is none", answer: until(ada(finding.ChooseExempt), time.Minute), state: state.Pending, refused: "end later than now"},
		{name: "an exemption lasts no longer than its severity allows", answer: until(ada(finding.ChooseExempt), 720*time.Hour+2*time.Minute), state: state.Pending, refused: "at most 720h",
			finding: func(f finding.Finding) finding.Finding { f.Severity = policies.High; return f }},
		{name: "where the severity is unrated it lasts a week at most", answer: until(ada(finding.ChooseExempt), 168*time.Hour+2*time.Minute), state: state.Pending, refused: "at most 168h"},
		{name: "an exemption takes a reason of ten characters", answer: because(until(ada(finding.ChooseExempt), time.Hour), "just so 1"), state: state.Pending, refused: "at least 10 characters"},
		{
			name: "what cannot be reverted can be exempted", answer: with(until(ada(finding.ChooseExempt), time.Hour), finding.NoPlan), state: state.Pending,
			finding: func(f finding.Finding) finding.Finding { f.Plan = judge.Plan{Missing: "who knows"}; return f },
		},
		{
			name: "an unknown actor's change takes two to keep", answer: ada(finding.ChooseKeep), state: state.Pending,
			finding: func(f finding.Finding) finding.Finding {
				f.Actors = []cloud.Actor{{Principal: cloud.UnknownActor}}
				return f
			},
		},
		{
			name: "a plan that leaves the account open cannot be reverted from a card", answer: ada(finding.ChooseRevert), state: state.Pending, refused: "nothing to apply",
			finding: func(f finding.Finding) finding.Finding {
				f.Plan.Steps = []judge.Step{{Kind: policies.RestoreIdentity}}
				f.Plan.Missing = "no account to go back to"
				return f
			},
		},
		{
			name: "a finding that ended takes no answer", answer: ada(finding.ChooseKeep), state: state.Reverted, refused: "the finding is reverted",
			finding: func(f finding.Finding) finding.Finding { f.State, f.Why = state.Reverted, "done"; return f },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := pendingFinding()
			if tt.finding != nil {
				f = tt.finding(f)
			}
			got, err := authority.answered(f, tt.answer)
			if got.State != tt.state {
				t.Errorf("state %q, want %q", got.State, tt.state)
			}
			var refused *finding.RefusedError
			if isRefused := errors.As(err, &refused); isRefused != (tt.refused != "") {
				t.Fatalf("refused: %v, want %q", err, tt.refused)
			}
			if refused != nil && !strings.Contains(refused.Why, tt.refused) {
				t.Errorf("refused: %q, want it to say %q", refused.Why, tt.refused)
			}
		})
	}
}

func TestQuorumCountsPeopleNotClicks(t *testing.T) {
	au := Authority{
		Approvers: map[string]bool{"user:ada@example.com": true, "user:bob@example.com": true},
		Quorum:    map[finding.Choice]int{finding.ChooseRevert: 2},
	}
	f := pendingFinding()
	answer := func(who string) finding.Answer {
		return finding.Answer{Choice: finding.ChooseRevert, Principal: who, Digest: f.Plan.Digest, At: t0.Add(time.Minute)}
	}
	f, err := au.answered(f, answer("user:ada@example.com"))
	if err != nil || f.State != state.Pending {
		t.Fatalf("first vote: state %q, error %v; want still pending", f.State, err)
	}
	if again, err := au.answered(f, answer("user:ada@example.com")); err == nil || again.State != state.Pending {
		t.Fatalf("the same person again: state %q, error %v; want refused and still pending", again.State, err)
	}
	f, err = au.answered(f, answer("user:bob@example.com"))
	if err != nil || f.State != state.Approved {
		t.Fatalf("second person: state %q, error %v; want approved", f.State, err)
	}
	if !f.Owes(finding.Apply) || !f.Owes(finding.Notify) {
		t.Errorf("outbox %v, want apply and notify", f.Outbox)
	}
}

func TestAReasonIsWhatAReaderSees(t *testing.T) {
	for reason, want := range map[string]int{
		" because ok ":                          10,
		"":                                      0,
		"agreed with Jo":                        14,
		strings.Repeat("\u00a0\u2003\n\t", 9):   0, // spaces
		strings.Repeat("\u200b\u2060\ufeff", 9): 0, // of no width
		strings.Repeat("\u3164\u2800\u115f", 9): 0, // letters and symbols that show nothing
		strings.Repeat("\u202e\U000e0041", 9):   0, // marks of direction, and tags
		"\xff\xfe":                              2, // shown as what cannot be read
		"有意公开":                                  4,
	} {
		if got := visible(reason); got != want {
			t.Errorf("%q has %d visible characters, want %d", reason, got, want)
		}
	}
}
