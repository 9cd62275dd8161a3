package authority

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	ciAccount     = "ci@ops.iam.gserviceaccount.com"
	deployAccount = "deploy@ops.iam.gserviceaccount.com"
)

// byAccount is a question about a change that the account made alone.
func byAccount(account string) finding.Finding {
	f := pendingFinding()
	f.Actors = []cloud.Actor{{Principal: "serviceAccount:" + account}}
	return f
}

// answers gives the answer on the finding, with all that it needs.
func answers(t *testing.T, au Authority, f finding.Finding, c finding.Choice, by string) (finding.Finding, error) {
	t.Helper()
	return answerTo(t, au, f, finding.Answer{
		Choice: c, Principal: by, Digest: f.DigestFor(c), Reason: "agreed with the team", At: t0, Until: t0.Add(time.Hour),
	})
}

func TestI4WhoCanActThroughAnAccountHasNoSayInWhatItDid(t *testing.T) {
	named := map[string]bool{adaP: true, bobP: true, eveP: true}
	group := func(d Directory) map[string]Acting {
		return map[string]Acting{ciAccount: {Group: "ci-admins@example.com", Members: d}}
	}
	users := map[string]Acting{ciAccount: {Users: []string{adaP}}}
	for _, tt := range []struct {
		name    string
		actsFor map[string]Acting
		by      string
		refused finding.RefusedClass
		says    string
		state   state.State
	}{
		{"nobody says who can: it takes two", nil, bobP, "", "", state.Pending},
		{"of another account that is said: it takes two", map[string]Acting{deployAccount: {Users: []string{adaP}}}, bobP, "", "", state.Pending},
		{"of this account nobody is said: it takes two", map[string]Acting{ciAccount: {}}, bobP, "", "", state.Pending},
		{"whoever can", users, adaP, finding.ClassActor, "user:ada@example.com can act through ci@ops.iam.gserviceaccount.com, which made this change, and cannot keep it", state.Pending},
		{"whoever can, spelled otherwise", map[string]Acting{ciAccount: {Users: []string{"user:ADA+ci@example.com"}}}, adaP, finding.ClassActor, "can act through ci@", state.Pending},
		{"whoever cannot", users, bobP, "", "", state.Kept},
		{"a member", group(people{adaP: Approver}), adaP, finding.ClassActor, "can act through ci@", state.Pending},
		{"no member", group(people{bobP: NoApprover}), bobP, "", "", state.Kept},
		{"whom the group cannot tell", group(people{}), bobP, finding.ClassUndetermined,
			"whether user:bob@example.com can act through ci@ops.iam.gserviceaccount.com, which made this change, could not be looked up; that is not a no (look-up of user:bob@example.com: could not be looked up (the group cannot be read))", state.Pending},
		{"where the group cannot be asked", group(nil), bobP, finding.ClassUndetermined, "could not be looked up; that is not a no", state.Pending},
		{"whom users has, whatever the group says", map[string]Acting{ciAccount: {Users: []string{adaP}, Group: "g", Members: people{}}}, adaP, finding.ClassActor, "can act through ci@", state.Pending},
	} {
		au := Authority{Approvers: named, ActsFor: tt.actsFor}
		f, err := answers(t, au, byAccount(ciAccount), finding.ChooseKeep, tt.by)
		if finding.ClassOf(err) != tt.refused || f.State != tt.state || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %s; want class %q and %s", tt.name, err, f.State, tt.refused, tt.state)
		}
		if f, err := answers(t, au, byAccount(ciAccount), finding.ChooseRevert, tt.by); err != nil || f.State != state.Approved {
			t.Errorf("%s: revert: %v, %s; want it approved by anybody", tt.name, err, f.State)
		}
	}
}

func TestI4WithAPersonInTheChainNobodyElseIsExcluded(t *testing.T) {
	au := Authority{Approvers: map[string]bool{adaP: true, bobP: true}, ActsFor: map[string]Acting{ciAccount: {Users: []string{bobP}, Group: "g", Members: people{}}}}
	f := byAccount(ciAccount)
	f.Actors[0].Delegation = []string{adaP}
	if _, err := answers(t, au, f, finding.ChooseKeep, adaP); finding.ClassOf(err) != finding.ClassActor {
		t.Errorf("by whom the log names: %v", err)
	}
	if f, err := answers(t, au, f, finding.ChooseKeep, bobP); err != nil || f.State != state.Kept {
		t.Errorf("by somebody else who can: %v, %s", err, f.State)
	}
}

// Whoever has the key of an account that is in a group of approvers may have made the
// change, or have voted as themselves.
func TestI4AnAccountIsNobodyWhoKeepsAnything(t *testing.T) {
	const robot = "serviceAccount:" + deployAccount
	au := Authority{Approvers: map[string]bool{adaP: true}, Directory: people{robot: Approver}, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	for _, c := range []finding.Choice{finding.ChooseKeep, finding.ChooseExempt} {
		if f, err := answers(t, au, pendingFinding(), c, robot); finding.ClassOf(err) != finding.ClassIdentity || f.State != state.Pending || !strings.Contains(err.Error(), "is a service account, and nobody knows who acts through it") {
			t.Errorf("%s: %v, %s", c, err, f.State)
		}
	}
	f := byAccount(ciAccount)
	f.Answers = []finding.Answer{{Choice: finding.ChooseKeep, Principal: robot, Digest: f.Plan.Digest, At: t0}} // from before
	if f, err := answers(t, au, f, finding.ChooseKeep, adaP); err != nil || f.State != state.Pending {
		t.Errorf("beside a vote from before: %v, %s", err, f.State)
	}
	if f, err := answers(t, au, pendingFinding(), finding.ChooseRevert, robot); err != nil || len(f.Answers) != 1 {
		t.Errorf("revert: %v", err)
	}
}

// A member in one spelling is one in another, also where the group is asked by mail.
func TestI4AMemberIsFoundWithoutTheirTag(t *testing.T) {
	au := Authority{Approvers: map[string]bool{"user:ada+2@example.com": true}, ActsFor: map[string]Acting{
		ciAccount: {Group: "g", Members: people{"user:ada+2@example.com": NoApprover, adaP: Approver}},
	}}
	if f, err := answers(t, au, byAccount(ciAccount), finding.ChooseKeep, "user:ada+2@example.com"); finding.ClassOf(err) != finding.ClassActor || f.State != state.Pending {
		t.Errorf("%v, %s", err, f.State)
	}
}

func TestI11AVoteOfSomebodyWhoMayActThroughTheAccountDoesNotCountWhileNobodyKnows(t *testing.T) {
	members := people{adaP: NoApprover, bobP: NoApprover, eveP: NoApprover}
	au := Authority{
		Approvers: map[string]bool{adaP: true, bobP: true, eveP: true}, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2, finding.ChooseUndo: 2},
		ActsFor: map[string]Acting{ciAccount: {Group: "g", Members: members}},
	}
	f, err := answers(t, au, byAccount(ciAccount), finding.ChooseKeep, adaP)
	if err != nil || len(f.Answers) != 1 {
		t.Fatal(err)
	}
	delete(members, adaP) // who cannot be looked up any more
	if got, err := answers(t, au, f, finding.ChooseKeep, bobP); finding.ClassOf(err) != finding.ClassUndetermined || len(got.Answers) != 1 || !strings.Contains(err.Error(), "whether user:ada@example.com can act through ci@") {
		t.Errorf("while it cannot be told: %v, %d answers", err, len(got.Answers))
	}
	members[adaP] = Approver // who has joined the group since
	got, err := answers(t, au, f, finding.ChooseKeep, bobP)
	if err != nil || got.State != state.Pending {
		t.Errorf("with one who can act: %v, %s", err, got.State)
	}
	if got, err = answers(t, au, got, finding.ChooseKeep, eveP); err != nil || got.State != state.Kept {
		t.Errorf("with two who cannot: %v, %s", err, got.State)
	}
}

func TestI4AnApprovedUndoIsCountedAnewWithWhoCanActBehindTheChange(t *testing.T) {
	members := people{adaP: NoApprover}
	au := Authority{Approvers: map[string]bool{adaP: true}, ActsFor: map[string]Acting{ciAccount: {Group: "g", Members: members}}}
	f := byAccount(ciAccount)
	f.UndoOf = "f0"
	f, err := answers(t, au, f, finding.ChooseUndo, adaP)
	if err != nil || f.State != state.Approved {
		t.Fatalf("%v, %s", err, f.State)
	}
	if a := au.Recount(t.Context(), f, t0); !a.Holds {
		t.Errorf("counted anew: %+v", a)
	}
	delete(members, adaP)
	if a := au.Recount(t.Context(), f, t0); a.Holds || !strings.Contains(a.Unknown, "whether user:ada@example.com can act through ci@") {
		t.Errorf("while it cannot be told: %+v", a)
	}
	members[adaP] = Approver
	if a := au.Recount(t.Context(), f, t0); a.Holds || a.Lost != "0 of 1 votes count (user:ada@example.com can act through ci@ops.iam.gserviceaccount.com, which made this change)" {
		t.Errorf("once they can: %+v", a)
	}
	au.ActsFor = nil
	if a := au.Recount(t.Context(), f, t0); a.Holds || a.Lost != "1 of 2 votes count (nobody's was taken away, it takes more by now)" {
		t.Errorf("once nobody says who can: %+v", a)
	}
}

func TestAnAccountThatLeavesNobodyToDecideIsSaid(t *testing.T) {
	two := map[string]bool{adaP: true, bobP: true}
	acts := func(a Acting) map[string]Acting { return map[string]Acting{ciAccount: a} }
	const through = " approvers cannot act through ci@ops.iam.gserviceaccount.com: nobody can "
	for _, tt := range []struct {
		name string
		au   Authority
		want string
	}{
		{"one of two, who cannot exempt alone", Authority{Approvers: two, ActsFor: acts(Acting{Users: []string{adaP}})}, "1 of 2" + through + "exempt (takes 2) what it did"},
		{"one of two, of whom one is enough", Authority{Approvers: two, ActsFor: acts(Acting{Users: []string{adaP}}), Quorum: map[finding.Choice]int{finding.ChooseExempt: 1}}, ""},
		{"nobody", Authority{Approvers: two, ActsFor: acts(Acting{Users: []string{adaP, "user:bob+x@example.com"}})}, "0 of 2" + through + "keep (takes 1), exempt (takes 2), undo (takes 1) what it did"},
		{"nobody, by a group", Authority{Approvers: two, ActsFor: acts(Acting{Group: "g", Members: people{adaP: Approver, bobP: Approver}})}, "0 of 2" + through + "keep (takes 1), exempt (takes 2), undo (takes 1) what it did"},
		{"everybody, by a group", Authority{Approvers: two, ActsFor: acts(Acting{Group: "g", Members: people{adaP: NoApprover, bobP: NoApprover}})}, ""},
		{"one, and one whom the group cannot tell", Authority{Approvers: two, ActsFor: acts(Acting{Group: "g", Members: people{bobP: NoApprover}})},
			"1 of 2" + through + "exempt (takes 2) what it did, unless some of the 1 who could not be looked up are among them (look-up of user:ada@example.com: could not be looked up (the group cannot be read))"},
		{"whom groups hold", Authority{Directory: people{}, ActsFor: acts(Acting{Users: []string{adaP, bobP}})}, ""},
		{"those of the listed whom groups hold", Authority{Directory: people{}, Only: two, ActsFor: acts(Acting{Users: []string{adaP, bobP}})}, "0 of 2" + through + "keep (takes 1), exempt (takes 2), undo (takes 1) what it did"},
	} {
		if got := tt.au.LeavesNobody(t.Context(), ciAccount); got != tt.want {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, tt.want)
		}
	}
}

func TestAVoteThatMayBeTheSamePersonsIsSaidToCountNoMore(t *testing.T) {
	au := Authority{Approvers: map[string]bool{adaP: true, "user:ada+2@example.com": true, bobP: true}, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	f := pendingFinding()
	for _, who := range []string{adaP, "user:ada+2@example.com"} { // counted by an earlier release
		f = f.Answered(finding.Answer{Choice: finding.ChooseRevert, Principal: who, Digest: f.Plan.Digest, At: t0})
	}
	if a := au.Recount(t.Context(), f, t0); a.Holds || a.Lost != "1 of 2 votes count (user:ada+2@example.com may be the same person as another who approved it)" {
		t.Errorf("counted anew: %+v", a)
	}
}

// TestI4AndI11HoldForAccounts votes at random on what accounts did, with groups that
// change and fail.
func TestI4AndI11HoldForAccounts(t *testing.T) {
	everybody := []string{adaP, bobP, eveP, "user:bob+2@example.com"}
	outcomes := map[state.State]int{}
	for i := range uint64(3000) {
		rng := rand.New(rand.NewPCG(i, 11))
		f := byAccount([]string{ciAccount, deployAccount}[rng.IntN(2)])
		if rng.IntN(4) == 0 {
			f.Actors = append(f.Actors, cloud.Actor{Principal: "serviceAccount:" + ciAccount, Delegation: everybody[:rng.IntN(2)]})
		}
		users, members := everybody[rng.IntN(len(everybody)):][:1], people{}
		au := Authority{Approvers: map[string]bool{}, Quorum: map[finding.Choice]int{finding.ChooseExempt: 1 + rng.IntN(2)}, ActsFor: map[string]Acting{
			ciAccount: {Users: users}, deployAccount: {Group: "g", Members: members},
		}}
		if rng.IntN(3) == 0 {
			delete(au.ActsFor, ciAccount)
		}
		for _, p := range everybody {
			au.Approvers[p] = true
		}
		for n := 0; n < 12 && f.State == state.Pending; n++ {
			for _, p := range everybody {
				delete(members, p)
				if s := []Standing{Approver, NoApprover, NoApprover, Undetermined}[rng.IntN(4)]; s != Undetermined {
					members[p] = s
				}
			}
			c := []finding.Choice{finding.ChooseKeep, finding.ChooseExempt}[rng.IntN(2)]
			before := len(f.Answers)
			next, err := answers(t, au, f, c, everybody[rng.IntN(len(everybody))])
			if err != nil && (next.State != f.State || len(next.Answers) != before) {
				t.Fatalf("run %d: a refused answer changed the finding: %v", i, err)
			}
			if f = next; f.State != state.Pending {
				checkAccounts(t, i, au, f, c, members)
			}
		}
		outcomes[f.State]++
	}
	if outcomes[state.Kept] < 300 || outcomes[state.Exempted] < 300 || outcomes[state.Pending] < 50 {
		t.Errorf("%v: the test cannot fail", outcomes)
	}
}

func checkAccounts(t *testing.T, run uint64, au Authority, f finding.Finding, c finding.Choice, members people) {
	t.Helper()
	excluded, need := map[string]bool{}, au.Quorum[c]
	for _, a := range f.Actors {
		acting, known := au.ActsFor[strings.TrimPrefix(a.Principal, "serviceAccount:")]
		switch {
		case len(a.Delegation) > 0:
			excluded[nameIn(a.Delegation[0])] = true
		case !known:
			need = max(need, 2)
		}
		for _, u := range acting.Users {
			excluded[nameIn(u)] = excluded[nameIn(u)] || len(a.Delegation) == 0
		}
	}
	var counted []string
	for _, a := range f.Answers {
		group := slices.ContainsFunc(f.Actors, func(o cloud.Actor) bool { return strings.Contains(o.Principal, deployAccount) })
		if name := nameIn(a.Principal); a.Choice == c && !excluded[name] && !(group && members[a.Principal] != NoApprover) && !slices.Contains(counted, name) {
			counted = append(counted, name)
		}
	}
	if len(counted) < max(need, 1) {
		t.Fatalf("run %d: %s was decided by %v, it takes %d who did not make it (%v; %v can act)", run, c, counted, need, f.Actors, au.ActsFor)
	}
}
