package authority

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// people is a directory; whom it does not hold it cannot look up.
type people map[string]Standing

func (d people) Approver(_ context.Context, principal string, _ bool) (Membership, error) {
	s, ok := d[principal]
	if !ok {
		return Membership{}, errors.New("the group cannot be read")
	}
	return Membership{Standing: s, Evidence: []Evidence{{Source: "test", Group: "g", Standing: s}}}, nil
}

const (
	adaP, bobP, eveP = "user:ada@example.com", "user:bob@example.com", "user:eve@example.com"
	malloryP         = "user:mallory@example.com"
)

func TestDirectoriesTakeOneYesAndEveryNo(t *testing.T) {
	yes, no, failing := people{adaP: Approver}, people{adaP: NoApprover}, people{}
	odd := people{adaP: "perhaps"}
	for _, tt := range []struct {
		name string
		ds   Directories
		want Standing
	}{
		{"none at all", nil, NoApprover},
		{"one yes", Directories{yes}, Approver},
		{"one no", Directories{no}, NoApprover},
		{"one that fails", Directories{failing}, Undetermined},
		{"a yes after a failure", Directories{failing, yes}, Approver},
		{"a yes before a failure", Directories{yes, failing}, Approver},
		{"a no before a failure", Directories{no, failing}, Undetermined},
		{"a no after a failure", Directories{failing, no}, Undetermined},
		{"a word that is none", Directories{odd, no}, Undetermined},
	} {
		if m, err := tt.ds.Approver(t.Context(), adaP, true); err != nil || m.Standing != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, m.Standing, err, tt.want)
		}
	}
}

// answerTo gives the authority an answer as a desk does.
func answerTo(t *testing.T, au Authority, f finding.Finding, a finding.Answer) (finding.Finding, error) {
	t.Helper()
	return au.resolved(t.Context(), f, a.Choice, a.Principal).answered(f, a)
}

func TestS6WhoMayAnswerWhat(t *testing.T) {
	const ci = "serviceAccount:ci@pay-prod.iam.gserviceaccount.com"
	actors := map[string][]cloud.Actor{
		"somebody else":     {{Principal: "user:carol@example.com"}},
		"the answerer":      {{Principal: "user:Ada@Example.com"}},
		"deleted since":     {{Principal: "deleted:user:ada@example.com?uid=123456"}},
		"through a robot":   {{Principal: ci, Delegation: []string{adaP}}},
		"federated, mail":   {{Principal: "principal://iam.googleapis.com/locations/global/workforcePools/okta/subject/ada%40example.com"}},
		"federated, number": {{Principal: "principal://iam.googleapis.com/locations/global/workforcePools/okta/subject/8f3a"}},
		"nobody named":      {{Principal: cloud.UnknownActor}},
		"no actor at all":   nil,
		"one of two named":  {{Principal: "user:carol@example.com"}, {Principal: cloud.UnknownActor}},
		"a pipeline's":      {{Principal: ci, Delegation: []string{"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/gh/subject/repo:x"}}},
	}
	directory := people{adaP: Approver, eveP: NoApprover}
	for _, tt := range []struct {
		name, by, actor string
		revert, keep    finding.RefusedClass
		keepTakes       int
	}{
		{"a listed approver", bobP, "somebody else", "", "", 1},
		{"a member of a group", adaP, "somebody else", "", "", 1},
		{"no member", eveP, "somebody else", finding.ClassNotApprover, finding.ClassNotApprover, 0},
		{"somebody who cannot be looked up", malloryP, "somebody else", finding.ClassUndetermined, finding.ClassUndetermined, 0},
		{"nobody", "", "somebody else", finding.ClassNotApprover, finding.ClassNotApprover, 0},
		{"the actor, in another case", adaP, "the answerer", "", finding.ClassActor, 0},
		{"the actor, deleted since", adaP, "deleted since", "", finding.ClassActor, 0},
		{"the actor behind a service account", adaP, "through a robot", "", finding.ClassActor, 0},
		{"the actor, federated, whose subject is their mail", adaP, "federated, mail", "", finding.ClassActor, 0},
		{"anybody, where the actor is a federated subject", adaP, "federated, number", "", "", 2},
		{"anybody, where a workload was behind the service account", bobP, "a pipeline's", "", "", 2},
		{"anybody, where the log names nobody", adaP, "nobody named", "", "", 2},
		{"anybody, where no actor is recorded", adaP, "no actor at all", "", "", 2},
		{"anybody, where one of two is not named", adaP, "one of two named", "", "", 2},
	} {
		f := pendingFinding()
		f.Actors = actors[tt.actor]
		au := Authority{Approvers: map[string]bool{bobP: true}, Directory: directory}
		for c, want := range map[finding.Choice]finding.RefusedClass{finding.ChooseRevert: tt.revert, finding.ChooseKeep: tt.keep} {
			got, err := answerTo(t, au, f, finding.Answer{Choice: c, Principal: tt.by, Digest: f.Plan.Digest, At: t0, Reason: "by design"})
			if finding.ClassOf(err) != want {
				t.Errorf("%s: %s is refused as %q (%v), want %q", tt.name, c, finding.ClassOf(err), err, want)
			}
			if err != nil && got.State != state.Pending {
				t.Errorf("%s: %s was refused, and the finding is %s", tt.name, c, got.State)
			}
			if c == finding.ChooseKeep && want == "" && (got.State == state.Kept) != (tt.keepTakes == 1) {
				t.Errorf("%s: kept by one: %s; it takes %d", tt.name, got.State, tt.keepTakes)
			}
		}
	}
}

func TestAnUndeterminedLookUpIsSaidToBeOne(t *testing.T) {
	f := pendingFinding()
	_, err := answerTo(t, Authority{Directory: people{}}, f, finding.Answer{Choice: finding.ChooseRevert, Principal: adaP, Digest: f.Plan.Digest, At: t0})
	if err == nil || !strings.Contains(err.Error(), "could not be looked up; that is not a no (look-up of user:ada@example.com: could not be looked up (the group cannot be read))") {
		t.Errorf("refused: %v", err)
	}
}

func TestAVoteThatHangsOnSomebodyWhoCannotBeLookedUpIsNotUsedUp(t *testing.T) {
	d := people{adaP: Approver, bobP: Approver}
	au := Authority{Directory: d, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	f := pendingFinding()
	vote := func(who string) error {
		next, err := answerTo(t, au, f, finding.Answer{Choice: finding.ChooseRevert, Principal: who, Digest: f.Plan.Digest, At: t0})
		f = next
		return err
	}
	if err := vote(adaP); err != nil {
		t.Fatal(err)
	}
	delete(d, adaP)
	if err := vote(bobP); finding.ClassOf(err) != finding.ClassUndetermined || len(f.Answers) != 1 || !strings.Contains(err.Error(), adaP+", who answered before") {
		t.Errorf("refused: %v, with %d answers", err, len(f.Answers))
	}
	d[adaP] = Approver
	if err := vote(bobP); err != nil || f.State != state.Approved {
		t.Errorf("once both can be looked up: %v, %s", err, f.State)
	}
}

func TestS16AFindingStepsUpAsItsPolicySays(t *testing.T) {
	g := judge.Judgement{Result: policies.Result{StepUp: policies.StepUpIAP}, Decision: judge.Ask}
	f := finding.Opened("f", g, cloud.Change{}, t0)
	if u := f.UndoBegun("u", t0, time.Hour); f.StepUp != policies.StepUpIAP || u.StepUp != policies.StepUpIAP {
		t.Errorf("the finding steps up by %q, its undo by %q; want both behind IAP", f.StepUp, u.StepUp)
	}
}

func TestS16AFindingThatStepsUpIsDecidedBehindIAPAlone(t *testing.T) {
	byPolicy, bySeverity := pendingFinding(), pendingFinding()
	byPolicy.StepUp, bySeverity.Severity = policies.StepUpIAP, policies.Critical
	au := Authority{Approvers: map[string]bool{adaP: true}, StepUp: map[policies.Severity]bool{policies.Critical: true}}
	for _, f := range []finding.Finding{byPolicy, bySeverity} {
		for _, c := range []finding.Choice{finding.ChooseRevert, finding.ChooseKeep} {
			for via, want := range map[string]finding.RefusedClass{
				"slack:T0123/U01": finding.ClassStepUp, "cli": finding.ClassStepUp, "": finding.ClassStepUp, "iap": finding.ClassStepUp, "slack:iap:": finding.ClassStepUp,
				"iap:accounts.google.com:1": "",
			} {
				got, err := answerTo(t, au, f, finding.Answer{Choice: c, Principal: adaP, Via: via, Digest: f.Plan.Digest, At: t0, Reason: "by design"})
				if finding.ClassOf(err) != want || (want != "" && got.State != state.Pending) || (want == "" && got.State == state.Pending) {
					t.Errorf("%s via %q: %v, %s; want class %q", c, via, err, got.State, want)
				}
			}
		}
	}
}

func TestS7AMisconfiguredAuthorityAdmitsNobody(t *testing.T) {
	f := pendingFinding()
	a := finding.Answer{Choice: finding.ChooseRevert, Principal: adaP, Digest: f.Plan.Digest, At: t0}
	wrong := Authority{Approvers: map[string]bool{adaP: true}, Directory: people{adaP: Approver}, Misconfigured: `"oncall" is no user group`}
	if _, err := answerTo(t, wrong, f, a); finding.ClassOf(err) != finding.ClassMisconfigured {
		t.Errorf("with a broken block: %v", err)
	}
	few := Authority{Approvers: map[string]bool{adaP: true, "user:ADA@example.com": true}, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	if _, err := answerTo(t, few, f, a); finding.ClassOf(err) != finding.ClassMisconfigured || !strings.Contains(err.Error(), "takes 2 people, and the configuration names 1") {
		t.Errorf("with fewer people than it takes: %v", err)
	}
}

func TestI5NoVoteCountsFromTheMomentOfExpiryOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	au := Authority{Approvers: map[string]bool{adaP: true, bobP: true}, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2, finding.ChooseKeep: 2}}
	late := 0
	for i := range 2000 {
		f := pendingFinding()
		c := []finding.Choice{finding.ChooseRevert, finding.ChooseKeep, finding.ChooseExempt}[rng.IntN(3)]
		for _, by := range []string{adaP, bobP} {
			at := f.ExpiresAt.Add(time.Duration(rng.IntN(5)-3) * time.Nanosecond)
			next, err := answerTo(t, au, f, finding.Answer{Choice: c, Principal: by, Digest: f.Plan.Digest, Reason: "by design", At: at, Until: at.Add(time.Hour)})
			if isLate := !at.Before(f.ExpiresAt); isLate != (finding.ClassOf(err) == finding.ClassExpired) || isLate && len(next.Answers) != len(f.Answers) {
				t.Fatalf("run %d: an answer at %s to a question until %s: %v", i, at, f.ExpiresAt, err)
			} else if isLate {
				late++
			}
			if f = next; f.State != state.Pending {
				break
			}
		}
	}
	if late == 0 || late == 4000 {
		t.Errorf("%d late votes: the test cannot fail", late)
	}
}

// TestI4AndI11HoldForAnyVotes votes at random, in several spellings of one person, with
// look-ups that fail, on findings with several actors.
func TestI4AndI11HoldForAnyVotes(t *testing.T) {
	everybody := []string{adaP, bobP, eveP, malloryP, "user:Bob@example.com", "user:bob+2@example.com", "user:Mallory+x@example.com", "user:carol@example.com"}
	decided := 0
	for i := range uint64(3000) {
		rng := rand.New(rand.NewPCG(i, 4))
		f := pendingFinding()
		f.Actors = nil
		for range 1 + rng.IntN(2) {
			f.Actors = append(f.Actors, cloud.Actor{Principal: append(everybody, cloud.UnknownActor)[rng.IntN(len(everybody)+1)]})
		}
		au := Authority{Quorum: map[finding.Choice]int{finding.ChooseKeep: 1 + rng.IntN(3), finding.ChooseExempt: rng.IntN(3), finding.ChooseRevert: 1 + rng.IntN(2)}}
		for n := range 12 {
			d := people{}
			for _, p := range everybody {
				if s := []Standing{Approver, Approver, NoApprover, Undetermined}[rng.IntN(4)]; s != Undetermined {
					d[p] = s
				}
			}
			au.Directory = d
			a := finding.Answer{
				Choice: f.Choices()[rng.IntN(3)], Principal: everybody[rng.IntN(len(everybody))], Digest: f.Plan.Digest, Reason: "because it is so",
				At: t0.Add(time.Duration(n) * time.Minute), Until: t0.Add(8 * time.Hour),
			}
			before := len(f.Answers)
			next, err := answerTo(t, au, f, a)
			if err != nil && (next.State != f.State || len(next.Answers) != before) {
				t.Fatalf("run %d: a refused answer changed the finding: %v", i, err)
			}
			if _, found := d[a.Principal]; !found && (finding.ClassOf(err) != finding.ClassUndetermined || next.State != f.State) {
				t.Fatalf("run %d: %s could not be looked up, and the answer came to %v, %s", i, a.Principal, err, next.State)
			}
			if f = next; f.State == state.Pending {
				continue
			}
			decided++
			checkDecision(t, i, au, f, a.Choice, d)
			break
		}
	}
	if decided < 500 {
		t.Errorf("%d of 3000 runs decided anything: the test cannot fail", decided)
	}
}

// nameIn is which of the people of TestI4AndI11HoldForAnyVotes a principal is.
func nameIn(principal string) string {
	name, _, _ := strings.Cut(strings.ToLower(principal), "@")
	name, _, _ = strings.Cut(name, "+")
	return name
}

func checkDecision(t *testing.T, run uint64, au Authority, f finding.Finding, c finding.Choice, d people) {
	t.Helper()
	var counted []string
	for _, a := range f.Answers {
		p := nameIn(a.Principal)
		isActor := slices.ContainsFunc(f.Actors, func(o cloud.Actor) bool { return nameIn(o.Principal) == p })
		if a.Choice == c && d[a.Principal] == Approver && !slices.Contains(counted, p) && !(c != finding.ChooseRevert && isActor) {
			counted = append(counted, p)
		}
	}
	need := max(1, au.Quorum[c])
	if c == finding.ChooseExempt && au.Quorum[c] == 0 {
		need = 2
	}
	if c != finding.ChooseRevert && slices.ContainsFunc(f.Actors, func(o cloud.Actor) bool { return o.Principal == cloud.UnknownActor }) {
		need = max(need, 2)
	}
	if len(counted) < need {
		t.Fatalf("run %d: %s was decided by %v, it takes %d who are approvers now and no actors (%v)", run, c, counted, need, f.Actors)
	}
}
