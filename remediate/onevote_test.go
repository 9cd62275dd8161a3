package remediate_test

import (
	"context"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// everybody is a group that whoever asks is in.
type everybody struct{}

func (everybody) Approver(context.Context, string, bool) (authority.Membership, error) {
	return authority.Membership{Standing: authority.Approver}, nil
}

// openHall is a hall in which whoever has an account may answer, and it takes two to
// keep and to revert.
func openHall(t *testing.T) *hall {
	t.Helper()
	h := newHall(t, func(c *setup) {
		c.Authority = authority.Authority{Directory: everybody{}, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2, finding.ChooseRevert: 2}}
	})
	for id, mail := range map[string]string{
		"U0ADA2": "ada+2@example.com", "U0JO2": "Jo+home@example.com", "U0G1": "ann.lee@gmail.com", "U0G2": "annlee+x@googlemail.com",
	} {
		h.slack.SetUser(simslack.User{ID: id, Email: mail, Team: "T01"})
	}
	return h
}

// says fills in the form of the answer, and returns what it says against that.
func (h *hall) says(user string, card simslack.Message, action string) (says string) {
	h.t.Helper()
	v := h.form(user, card, action)
	h.must(h.slack.Submit(h.t.Context(), user, v.ID, map[string]string{"reason": agreed, "term": "1d"}))
	for _, v := range h.slack.Views() {
		says += strings.Join(errorsOf(v), "; ")
		h.must(h.slack.Dismiss(h.t.Context(), v.User, v.ID))
	}
	return says
}

// keeps has the user keep what the card shows, by its form, and returns what the form
// says against it.
func (h *hall) keeps(user string) string {
	h.t.Helper()
	says := h.says(user, h.card(), "rescind.keep")
	h.settle()
	return says
}

func errorsOf(v simslack.View) (out []string) {
	for _, e := range v.Errors {
		out = append(out, e)
	}
	return out
}

func TestS15ATagOrADotMakesNoSecondVote(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ first, second, says string }{
		{"U0ADA", "U0ADA2", "user:ada+2@example.com may be the same person as user:ada@example.com, who already answered keep: one person has one vote"},
		{"U0ADA2", "U0ADA", "user:ada@example.com may be the same person as user:ada+2@example.com, who already answered keep: one person has one vote"},
		{"U0G1", "U0G2", "user:annlee+x@googlemail.com may be the same person as user:ann.lee@gmail.com, who already answered keep: one person has one vote"},
	} {
		h := openHall(t)
		f := h.several(1)[0]
		if says := h.keeps(tt.first); says != "" {
			t.Errorf("%s: the first vote is refused: %s", tt.first, says)
		}
		if says := h.keeps(tt.second); !strings.Contains(says, tt.says) {
			t.Errorf("%s after %s: the form says %q", tt.second, tt.first, says)
		}
		if f = h.stored(f); f.State != state.Pending || len(f.Answers) != 1 {
			t.Errorf("%s and %s: the finding is %s with %d answers", tt.first, tt.second, f.State, len(f.Answers))
		}
		if got := h.refusals(); len(got) != 1 || got[0] != string(finding.ClassDuplicate) {
			t.Errorf("the ledger has the refusals %v", got)
		}
		if says := h.keeps("U0BOB"); says != "" || h.stored(f).State != state.Kept {
			t.Errorf("with another person it is %s: %s", h.stored(f).State, says)
		}
	}
}

func TestS15ATagMakesNoSecondVoteOnAGroup(t *testing.T) {
	t.Parallel()
	h := openHall(t)
	h.several(2)
	h.press("U0ADA", h.card(), "rescind.revert_all")
	h.settle()
	h.press("U0ADA2", h.card(), "rescind.revert_all")
	h.settle()
	h.wantStates(map[state.State]int{state.Pending: 2})
	if said := strings.Join(h.said(), "\n"); !strings.Contains(said, "may be the same person as user:ada@example.com, who already answered revert") {
		t.Errorf("told %s", said)
	}
	h.press("U0BOB", h.card(), "rescind.revert_all")
	h.settle()
	h.wantStates(map[state.State]int{state.Reverted: 2})
}

func TestI4WhoeverMadeTheChangeKeepsItUnderNoSpelling(t *testing.T) {
	t.Parallel()
	const pool = "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/"
	for actor, user := range map[string]string{
		"user:jo@example.com": "U0JO2", "user:jo+work@example.com": "U0JO", "user:A.N.N.lee+1@gmail.com": "U0G2", pool + "jo%40example.com": "U0JO2",
	} {
		h := openHall(t)
		f := h.opens(func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: actor}} })
		h.settle()
		says := h.keeps(user)
		if !strings.Contains(says, "may be the same person as "+actor+", who made this change and cannot keep it") || len(h.stored(f).Answers) != 0 {
			t.Errorf("%s of %s: the form says %q", user, actor, says)
		}
	}
}

// A vote that an earlier release took from a second spelling is still in the record.
func TestS15VotesFromBeforeAreReadAndCountedAsPeople(t *testing.T) {
	t.Parallel()
	h := openHall(t)
	f := h.opens(func(f *finding.Finding) {
		for _, who := range []string{"user:ada@example.com", "user:ada+2@example.com"} {
			*f = f.Answered(finding.Answer{Choice: finding.ChooseKeep, Principal: who, Reason: agreed, At: f.CreatedAt, Digest: f.Plan.Digest})
		}
	})
	h.settle()
	if f = h.stored(f); f.State != state.Pending || len(f.Answers) != 2 {
		t.Fatalf("the finding is %s with %d answers", f.State, len(f.Answers))
	}
	if says := h.keeps("U0BOB"); says != "" || h.stored(f).State != state.Kept {
		t.Errorf("with a second person it is %s: %s", h.stored(f).State, says)
	}
}
