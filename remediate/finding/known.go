package finding

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Known returns nil where this release knows every word of the record by which it is
// worked on, and else an error matching fault.ErrLater that names one it does not know:
// a state that it would never leave, an effect that it would never do, a proof that it
// would not ask for.
func (f Finding) Known() error {
	if f.State != state.None && !slices.Contains(state.All(), f.State) {
		return unknownWord("state", string(f.State))
	}
	for _, e := range f.Outbox {
		if !e.known() {
			return unknownWord("effect", string(e))
		}
	}
	for _, r := range f.Retries {
		if !r.Effect.known() {
			return unknownWord("effect", string(r.Effect))
		}
	}
	for _, a := range f.Answers {
		if NounOf[a.Choice] == "" {
			return unknownWord("answer", string(a.Choice))
		}
	}
	for _, s := range slices.Concat(f.Plan.Steps, f.Done) {
		if !s.Known() {
			return unknownWord("step", string(s.Kind))
		}
	}
	if f.StepUp != "" && f.StepUp != policies.StepUpIAP {
		return unknownWord("step_up", string(f.StepUp))
	}
	if err := ChangeKnown(f.Change); err != nil {
		return err
	}
	return f.judgementKnown()
}

func unknownWord(what, word string) error {
	return fmt.Errorf("%w: it has the %s %q", fault.ErrLater, what, word)
}

// ChangeKnown returns nil where this release knows every word by which a later look at
// live state judges the change, and else an error as Known does.
func ChangeKnown(c cloud.Change) error {
	switch c.Verb {
	case "", cloud.Create, cloud.Replace, cloud.Update, cloud.Delete, cloud.SetPolicy, cloud.SetOrg, cloud.Move, cloud.DefineRole, cloud.CreateKey, cloud.Tag:
	default:
		return unknownWord("verb", string(c.Verb))
	}
	switch c.Half {
	case cloud.Whole, cloud.FirstHalf, cloud.LastHalf:
	default:
		return unknownWord("half", string(c.Half))
	}
	for _, d := range c.Deltas {
		if d.Action != cloud.Add && d.Action != cloud.Remove && d.Action != "" {
			return unknownWord("delta", string(d.Action))
		}
	}
	return nil
}

func (f Finding) judgementKnown() error {
	switch f.Decision {
	case "", judge.DoNothing, judge.Report, judge.Ask, judge.Revert:
	default:
		return unknownWord("decision", string(f.Decision))
	}
	switch f.Verdict {
	case policies.Compliant, policies.Violation, policies.Unknown, policies.Exempt:
	default:
		return unknownWord("verdict", string(f.Verdict))
	}
	switch f.Enforcement {
	case "", policies.Audit, policies.Approve, policies.Revert:
	default:
		return unknownWord("enforcement", string(f.Enforcement))
	}
	switch f.Severity {
	case "", policies.Low, policies.Medium, policies.High, policies.Critical:
	default:
		return unknownWord("severity", string(f.Severity))
	}
	return nil
}

func (e Effect) known() bool {
	switch e {
	case Apply, Notify, Publish, Carry, Resolve:
		return true
	}
	name, page := strings.CutPrefix(string(e), "page ")
	return page && name != ""
}
