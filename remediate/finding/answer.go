package finding

import (
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Choice is what a person answers.
type Choice string

// The choices.
const (
	ChooseRevert Choice = "revert"
	ChooseKeep   Choice = "keep"
	ChooseExempt Choice = "exempt"
	ChooseUndo   Choice = "undo"
)

// Answer is one person's word on a finding.
type Answer struct {
	Choice    Choice    `json:"choice"`
	Principal string    `json:"principal"` // canonical: "user:ada@example.com"
	Via       string    `json:"via"`       // "slack:T0123/U01", "cli"
	Reason    string    `json:"reason,omitempty"`
	At        time.Time `json:"at"`
	Revision  int64     `json:"revision"` // of the record the person saw
	Digest    string    `json:"digest"`   // of the plan the person saw
	// Until is when an exemption ends; only with ChooseExempt.
	Until time.Time `json:"until,omitzero"`
	// Grounds are what made the person an approver at that moment. A desk fills
	// them in; what it is given is not believed.
	Grounds string `json:"grounds,omitempty"`
}

// Exemption excepts from one policy what one finding is about, until it ends.
type Exemption struct {
	Until time.Time `json:"until"`
	// Grants are the only ones it exempts, where the finding is about grants.
	Grants []cloud.Grant `json:"grants,omitempty"`
}

// NoPlan stands for the digest of a finding without a plan, on its card.
const NoPlan = "00000000"

// NounOf names what a choice is, with its article.
var NounOf = map[Choice]string{ChooseRevert: "a revert", ChooseKeep: "a keep", ChooseExempt: "an exemption", ChooseUndo: "an undo"}

// Raises reports whether the choice leaves or brings back what a policy objects
// to: then whoever made the change has no say.
func Raises(c Choice) bool { return c == ChooseKeep || c == ChooseExempt || c == ChooseUndo }

// CarriesOut reports whether the choice has the plan carried out.
func CarriesOut(c Choice) bool { return c == ChooseRevert || c == ChooseUndo }

// Because is the answer's reason as the end of a sentence, if it has one.
func (a Answer) Because() string {
	if a.Reason == "" {
		return ""
	}
	return ": " + a.Reason
}

// words is what the person chose, with its end.
func (a Answer) words() string {
	if a.Choice != ChooseExempt {
		return string(a.Choice)
	}
	return "exempt until " + a.Until.UTC().Format(time.RFC3339)
}

// Choices are the answers that the finding takes, an undo's record its own.
func (f Finding) Choices() []Choice {
	if f.UndoOf != "" {
		return []Choice{ChooseUndo}
	}
	return []Choice{ChooseRevert, ChooseKeep, ChooseExempt}
}

// OpenChoices are the answers that the finding takes at that moment, from some person
// at least: any other would be refused whoever gave it. Whether an undo of it is
// under way already stands in another record.
func (f Finding) OpenChoices(now time.Time) []Choice {
	if f.UndoOf == "" && f.Undoable(now) == nil {
		return []Choice{ChooseUndo}
	}
	return slices.DeleteFunc(f.Choices(), func(c Choice) bool {
		return f.PastExpiry(now) ||
			f.State != state.Pending && !(f.State == state.Reported && c == ChooseRevert) ||
			CarriesOut(c) && !f.Plan.Executable()
	})
}

// DigestFor is the digest of the plan that the choice is about, as it is shown to
// people: NoPlan where there is no plan.
func (f Finding) DigestFor(c Choice) string {
	p := f.Plan
	if c == ChooseUndo && f.UndoOf == "" {
		p = f.UndoPlan()
	}
	if p.Digest == "" {
		return NoPlan
	}
	return p.Digest
}

// HasPlan reports whether digest, or its first eight digits at least, names the
// finding's plan.
func (f Finding) HasPlan(digest string) bool {
	if f.Plan.Digest == "" {
		return digest == NoPlan
	}
	return len(digest) >= 8 && strings.HasPrefix(f.Plan.Digest, digest)
}

// AnsweredBy reports whether the answer was given on the finding before, by
// somebody who may be the same person, and about the plan as it stands.
func (f Finding) AnsweredBy(a Answer) bool {
	return slices.ContainsFunc(f.Answers, func(o Answer) bool { return a.Repeats(o) && f.HasPlan(o.Digest) })
}

// Repeats reports whether the other answer is the same, by somebody who may be the
// same person.
func (a Answer) Repeats(o Answer) bool {
	return a.Choice == o.Choice && SamePerson(a.Principal, o.Principal)
}

// RepeatedIn is the *RefusedError of an answer that the same person may have given
// before, and says as whom; nil where none of the answers is that.
func (a Answer) RepeatedIn(before []Answer) error {
	i := slices.IndexFunc(before, a.Repeats)
	switch {
	case i < 0:
		return nil
	case Canonical(before[i].Principal) == Canonical(a.Principal):
		return RefuseAs(ClassDuplicate, "%s already answered %s", a.Principal, a.Choice)
	}
	return RefuseAs(ClassDuplicate, "%s may be the same person as %s, who already answered %s: one person has one vote",
		a.Principal, before[i].Principal, a.Choice)
}

// Exempts reports whether the finding holds an exemption that has not ended.
// What a policy file exempts is none: the file itself is asked each time.
func (f Finding) Exempts(now time.Time) bool {
	return f.State == state.Exempted && f.Exemption != nil && now.Before(f.Exemption.Until)
}

// Exclusion is what the exemption keeps out of later judgements. It is for a
// finding that has one.
func (f Finding) Exclusion() judge.Exclusion {
	return judge.Exclusion{Plan: f.Plan, Message: f.Message, Blamed: f.About(), Grants: f.Exemption.Grants, Why: f.Why + ", finding " + f.ID}
}
