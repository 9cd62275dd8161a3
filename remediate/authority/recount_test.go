package authority

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnApprovalThatIsLostSaysWhoseVoteNoLongerCountsAndWhy(t *testing.T) {
	all := map[string]bool{adaP: true, bobP: true}
	for _, tt := range []struct {
		name      string
		approvers map[string]bool
		change    func(*finding.Finding)
		want      string
	}{
		{"all is as it was", all, func(*finding.Finding) {}, ""},
		{"one left the approvers", map[string]bool{adaP: true}, func(*finding.Finding) {}, "1 of 2 votes count (" + bobP + " is no approver any more)"},
		{"one made the same change since", all, func(f *finding.Finding) {
			f.Actors = append(f.Actors, cloud.Actor{Principal: bobP})
		}, "1 of 2 votes count (" + bobP + " made this change)"},
		{"one vote is about another plan", all, func(f *finding.Finding) { f.Answers[1].Digest = "0123456789" }, "1 of 2 votes count (" + bobP + "'s no longer counts)"},
		{"one vote was never given", all, func(f *finding.Finding) { f.Answers = f.Answers[:1] }, "1 of 2 votes count (nobody's was taken away, it takes more by now)"},
	} {
		f := pendingFinding() // an undo of it, which two people approved
		f.UndoOf, f.State = "f0", state.Approved
		for _, who := range []string{adaP, bobP} {
			f.Answers = append(f.Answers, finding.Answer{Choice: finding.ChooseUndo, Principal: who, Digest: f.Plan.Digest, At: t0.Add(time.Minute)})
		}
		tt.change(&f)
		au := Authority{Approvers: tt.approvers, Quorum: map[finding.Choice]int{finding.ChooseUndo: 2}}
		if got := au.Recount(t.Context(), f, t0.Add(2*time.Minute)); got.Lost != tt.want || got.Holds != (tt.want == "") || got.Unknown != "" {
			t.Errorf("%s: %+v, want it lost for %q", tt.name, got, tt.want)
		}
	}
}
