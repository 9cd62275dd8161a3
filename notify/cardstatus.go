package notify

import (
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// status says in one or two sentences where the finding stands. It begins with
// the state's own word, so that whoever hears only this knows it.
func status(f finding.Finding) string {
	s := standing(f)
	switch {
	case f.UndoneBy != "":
		s += " It was undone since: what rescind changed is as it was before."
	case f.Why == "" || !telling(f):
	case f.State == state.Pending:
		s += " So far: " + period(short(plain(f, strings.TrimPrefix(f.Why, "user:")), maxPhrase))
	default:
		s += " " + sentence(short(plain(f, f.Why), maxPhrase))
	}
	return s
}

// telling reports whether Why adds to what the state itself says.
func telling(f finding.Finding) bool {
	switch f.State {
	case state.Reported, state.Kept, state.Expired:
		return false
	case state.Exempted:
		return f.Exemption == nil // else the status says by whom and until when
	case state.Approved:
		return f.Paused
	case state.Pending:
		return len(f.Answers) > 0 // the first of two
	case state.Applying:
		return f.Attempts > 0 || f.Paused
	}
	return true
}

func standing(f finding.Finding) string {
	if f.UndoOf != "" {
		return undoing(f)
	}
	switch f.State {
	case state.Reported:
		return "Reported: nothing will be changed."
	case state.Waiting:
		return "Waiting before acting."
	case state.Pending:
		return "Pending your decision" + until(f) + again(f) + "."
	case state.Approved:
		if f.Paused {
			return "Approved" + by(f, finding.ChooseRevert) + ", and held back."
		}
		return "Approved" + by(f, finding.ChooseRevert) + ": the change is about to be reverted."
	case state.Kept:
		kept := "Kept" + by(f, finding.ChooseKeep) + ": the change stays"
		if f.Settled != nil && f.Settled.Over {
			return kept + ". It is settled no more: the same is asked about anew."
		}
		return kept + ", and is settled for whoever made it while it is there, for 30 days at most."
	case state.Exempted:
		return exempted(f)
	case state.Expired:
		if f.Lapsed() {
			return "Expired: approved" + by(f, finding.ChooseRevert) + ", but not carried out in time. The change stays, and takes a new approval."
		}
		if len(f.Answers) > 0 {
			return "Expired: too few answered in time, and the change stays."
		}
		return "Expired: nobody answered in time, and the change stays."
	case state.Superseded:
		return "Superseded: what this was about is no longer so."
	case state.Applying:
		return "Applying: the change is being reverted now, as decided" + by(f, finding.ChooseRevert) + "."
	case state.Reverted:
		return "Reverted" + by(f, finding.ChooseRevert) + "."
	case state.Blocked:
		return "Blocked: rescind may not revert this change, which stands."
	case state.Failed:
		return "Failed: the change could not be reverted and needs a person."
	case state.Uncertain:
		return "Uncertain: the revert was written but does not show yet; rescind keeps looking."
	case state.Undone:
		return "Undone: an earlier revert was taken back."
	}
	return "In state " + string(f.State) + "."
}

// exempted is by whom and until when. What a policy file exempts, the reasons
// say.
func exempted(f finding.Finding) string {
	if f.Exemption == nil {
		return "Exempted: the change stays for a time."
	}
	return "Exempted" + by(f, finding.ChooseExempt) + " until " + Clock(f.Exemption.Until) + ": the change stays, and nobody is asked about it before."
}

// undoing is where an undo stands: the same states, of taking a revert back.
func undoing(f finding.Finding) string {
	switch f.State {
	case state.Pending:
		return "Pending an approver's undo" + until(f) + " of the revert " + f.UndoOf + "."
	case state.Approved:
		if f.Paused {
			return "Approved" + by(f, finding.ChooseUndo) + ", and held back."
		}
		return "Approved" + by(f, finding.ChooseUndo) + ": the revert is about to be undone."
	case state.Expired:
		if f.Lapsed() {
			return "Expired: approved" + by(f, finding.ChooseUndo) + ", but not carried out in time. The revert stays."
		}
		return "Expired: too few approved the undo in time, and the revert stays."
	case state.Superseded:
		return "Superseded: what the revert changed is no longer as it left it, so nothing was undone."
	case state.Applying:
		return "Applying: the revert is being undone now."
	case state.Blocked:
		return "Blocked: rescind may not undo this revert, which stands."
	case state.Failed:
		return "Failed: the revert could not be undone and needs a person."
	case state.Uncertain:
		return "Uncertain: the undo was written but does not show yet; rescind keeps looking."
	case state.Undone:
		return "Undone" + by(f, finding.ChooseUndo) + ": an earlier revert was taken back."
	}
	return "In state " + string(f.State) + "."
}

// by names whose answer it was, or says that a policy decided. Where neither is
// recorded it says nothing rather than guess.
func by(f finding.Finding, c finding.Choice) string {
	var names []string
	for _, a := range f.Answers {
		if a.Choice == c {
			names = append(names, person(a.Principal))
		}
	}
	switch {
	case len(names) > 0:
		return " by " + strings.Join(names, " and ")
	case f.Automatic:
		return " by policy " + f.Policy
	}
	return ""
}

// again says that the question is put for the second and last time.
func again(f finding.Finding) string {
	if f.EscalatedAt.IsZero() {
		return ""
	}
	return ", asked once more because nobody answered"
}

func until(f finding.Finding) string {
	if f.ExpiresAt.IsZero() {
		return ""
	}
	return " until " + Clock(f.ExpiresAt)
}
