package authority

import (
	"fmt"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestS6WithAListOfThoseWhoMayAtAllNobodyElseMay(t *testing.T) {
	only := map[string]bool{adaP: true, bobP: true, malloryP: true}
	group := people{"user:Ada@example.com": Approver, bobP: NoApprover, adaP: Approver, eveP: Approver, "user:ada+2@example.com": Approver}
	for _, tt := range []struct {
		name string
		au   Authority
		by   string
		want finding.RefusedClass
	}{
		{"listed, and in the group", Authority{Only: only, Directory: group}, "user:Ada@example.com", ""},
		{"listed, and not in the group", Authority{Only: only, Directory: group}, bobP, finding.ClassNotApprover},
		{"in the group, and not listed", Authority{Only: only, Directory: group}, eveP, finding.ClassNotApprover},
		{"in the group, and only like somebody listed", Authority{Only: only, Directory: group}, "user:ada+2@example.com", finding.ClassNotApprover},
		{"listed, and the group cannot be read", Authority{Only: only, Directory: group}, malloryP, finding.ClassUndetermined},
		{"listed, and there is no group", Authority{Only: only, Approvers: only}, bobP, ""},
		{"an approver who is not listed", Authority{Only: only, Approvers: map[string]bool{eveP: true}}, eveP, finding.ClassNotApprover},
		{"nobody is listed", Authority{Only: map[string]bool{}, Approvers: only, Directory: group}, adaP, finding.ClassNotApprover},
	} {
		f := pendingFinding()
		got, err := answerTo(t, tt.au, f, finding.Answer{Choice: finding.ChooseRevert, Principal: tt.by, Digest: f.Plan.Digest, At: t0})
		if finding.ClassOf(err) != tt.want || (err == nil) != (got.State == state.Approved) {
			t.Errorf("%s: %v, %s; want class %q", tt.name, err, got.State, tt.want)
		}
	}
	few := Authority{Only: map[string]bool{adaP: true, "user:ada+2@example.com": true}, Directory: group, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	f := pendingFinding()
	if _, err := answerTo(t, few, f, finding.Answer{Choice: finding.ChooseRevert, Principal: adaP, Digest: f.Plan.Digest, At: t0}); finding.ClassOf(err) != finding.ClassMisconfigured {
		t.Errorf("a quorum that those who are listed cannot reach: %v", err)
	}
}

func TestS15OneMailIsOneVoteWhateverItIsCalled(t *testing.T) {
	au := Authority{Directory: people{adaP: Approver, "user:Ada@Example.com": Approver}, Quorum: map[finding.Choice]int{finding.ChooseRevert: 2}}
	f := pendingFinding()
	for i, by := range []string{adaP, "user:Ada@Example.com"} {
		next, err := answerTo(t, au, f, finding.Answer{Choice: finding.ChooseRevert, Principal: by, Via: fmt.Sprintf("slack:T0/U%d", i), Digest: f.Plan.Digest, At: t0})
		if want := []finding.RefusedClass{"", finding.ClassDuplicate}[i]; finding.ClassOf(err) != want || next.State != state.Pending {
			t.Errorf("vote %d: %v, %s; want class %q and pending", i, err, next.State, want)
		}
		f = next
	}
}
