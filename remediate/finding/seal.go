package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// sealedPart is what the hash of an event holds of the record: all by which it was
// decided and will be. Left out is how it is shown and worked off, which changes
// without an event.
//
// What is stored is compared with this form for 400 days. A field that is added
// leaves nothing where it is empty, and none is taken out or renamed.
type sealedPart struct {
	ID          string               `json:"id,omitempty"`
	Policy      string               `json:"policy,omitempty"`
	Title       string               `json:"title,omitempty"`
	Severity    policies.Severity    `json:"severity,omitempty"`
	Verdict     policies.Verdict     `json:"verdict,omitempty"`
	Message     string               `json:"message,omitempty"`
	Enforcement policies.Enforcement `json:"enforcement,omitempty"`
	EnforcedBy  string               `json:"enforced_by,omitempty"`
	Decision    judge.Decision       `json:"decision,omitempty"`
	Reasons     []string             `json:"reasons,omitempty"`
	Resource    cloud.Resource       `json:"resource"`
	Change      cloud.Change         `json:"change"`
	Actors      []cloud.Actor        `json:"actors,omitempty"`
	Plan        judge.Plan           `json:"plan"`
	State       state.State          `json:"state,omitempty"`
	Answers     []Answer             `json:"answers,omitempty"`
	CreatedAt   time.Time            `json:"created_at,omitzero"`
	EndedAt     time.Time            `json:"ended_at,omitzero"`
	ExpiresAt   time.Time            `json:"expires_at,omitzero"`
	ExecuteBy   time.Time            `json:"execute_by,omitzero"`
	Automatic   bool                 `json:"automatic,omitempty"`
	Guarded     bool                 `json:"guarded,omitempty"`
	Limit       string               `json:"limit,omitempty"`
	Done        []judge.Step         `json:"done,omitempty"`
	UndoOf      string               `json:"undo_of,omitempty"`
	Unconfirmed bool                 `json:"unconfirmed,omitempty"`
	Exemption   *Exemption           `json:"exemption,omitempty"`
	StepUp      policies.StepUp      `json:"step_up,omitempty"`
	Joined      []string             `json:"joined,omitempty"`
	Blamed      *judge.Blamed        `json:"blamed,omitempty"`
	ActorsAt    int64                `json:"actors_at,omitempty"`
	// Of what was settled: what is gone of it, and whether all is. The changes that were
	// not raised are counted without an event each.
	Gone []judge.Step `json:"gone,omitempty"`
	Over bool         `json:"over,omitempty"`
}

// sealedPart is that part of the finding, with its times as a store gives them back.
// What a plan wrote so far is sealed with its outcome: until then it changes with each
// step.
func (f Finding) sealedPart() sealedPart {
	p := sealedPart{
		ID: f.ID, Policy: f.Policy, Title: f.Title, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Enforcement: f.Enforcement, EnforcedBy: f.EnforcedBy, Decision: f.Decision, Reasons: f.Reasons,
		Resource: f.Resource, Change: f.Change, Actors: f.Actors, Plan: f.Plan, State: f.State, Answers: slices.Clone(f.Answers),
		CreatedAt: f.CreatedAt.UTC(), EndedAt: f.EndedAt.UTC(), ExpiresAt: f.ExpiresAt.UTC(), ExecuteBy: f.ExecuteBy.UTC(),
		Automatic: f.Automatic, Guarded: f.Guarded, Limit: f.Limit, Done: f.Done, UndoOf: f.UndoOf,
		Unconfirmed: f.Unconfirmed, Exemption: f.Exemption, StepUp: f.StepUp, Joined: f.Joined, Blamed: f.Blamed, ActorsAt: f.ActorsAt, Gone: f.settledSoFar().Gone, Over: f.settledSoFar().Over,
	}
	p.Change.Time = p.Change.Time.UTC()
	for i := range p.Answers {
		p.Answers[i].At, p.Answers[i].Until = p.Answers[i].At.UTC(), p.Answers[i].Until.UTC()
	}
	if f.Exemption != nil {
		x := *f.Exemption
		x.Until = x.Until.UTC()
		p.Exemption = &x
	}
	if f.State.Working() {
		p.Done = nil
	}
	return p
}

// SealedPart is the part of the record that the hash of its last event holds, as JSON.
func (f Finding) SealedPart() ([]byte, error) {
	b, err := json.Marshal(f.sealedPart())
	if err != nil {
		return nil, fmt.Errorf("seal finding %s: %w", f.ID, err)
	}
	return b, nil
}

// SealOf is the digest by which an event holds such a part.
func SealOf(part []byte) string {
	sum := sha256.Sum256(part)
	return hex.EncodeToString(sum[:])
}

// seal is that of the finding as it is.
func (f Finding) seal() (string, error) {
	b, err := f.SealedPart()
	return SealOf(b), err
}

// Sealed is the finding that takes the place of old, its new events bound to what it
// says. A store asks for it before it writes; old is the zero Finding for one that is
// new. Where old is not what its own last event had sealed, the first new event says
// so, for whoever verifies the trail.
func (f Finding) Sealed(old Finding) (Finding, error) {
	after := len(old.Timeline)
	if len(f.Timeline) <= after {
		return f, nil
	}
	found := ""
	if was := old.Timeline.Seal(); was != "" {
		is, err := old.seal()
		if err != nil {
			return Finding{}, err
		}
		if is != was {
			found = is
		}
	}
	seal, err := f.seal()
	if err != nil {
		return Finding{}, err
	}
	f.Timeline = f.Timeline.Sealed(f.ID, after, seal, found)
	return f, nil
}

// verifySeal compares the record with what its last event sealed, if that did.
func (f Finding) verifySeal() error {
	was := f.Timeline.Seal()
	if was == "" {
		return nil
	}
	is, err := f.seal()
	if err == nil && is != was {
		err = fmt.Errorf("finding %s is not as event %d left it: its answers, actors, plan, exemption or another part that decides was changed since",
			f.ID, len(f.Timeline))
	}
	return err
}
