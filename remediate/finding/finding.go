package finding

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Finding is the record people talk about: one policy, one change (and those
// that joined it), what was decided, by whom, and how it ended.
type Finding struct {
	ID       string `json:"id"`
	Revision int64  `json:"revision"` // of the stored record; compared on every write

	Policy      string               `json:"policy"`
	Title       string               `json:"title"`
	Severity    policies.Severity    `json:"severity"`
	Verdict     policies.Verdict     `json:"verdict"`
	Message     string               `json:"message"`
	Enforcement policies.Enforcement `json:"enforcement"`
	EnforcedBy  string               `json:"enforced_by,omitempty"`
	Decision    judge.Decision       `json:"decision"`
	Reasons     []string             `json:"reasons,omitempty"`

	Resource cloud.Resource `json:"resource"`
	Change   cloud.Change   `json:"change"` // the change that opened the finding
	Actors   []cloud.Actor  `json:"actors"` // of that change and of those that joined

	Plan judge.Plan `json:"plan"`
	// Blamed is what the finding is about where its plan is empty; nil where a plan says it.
	Blamed *judge.Blamed `json:"blamed,omitempty"`
	State  state.State   `json:"state"`
	Why    string        `json:"why,omitempty"` // why it is in this state, one sentence

	Answers  []Answer       `json:"answers,omitempty"`
	Timeline trail.Timeline `json:"timeline,omitempty"`
	Surfaces []Surface      `json:"surfaces,omitempty"`
	Outbox   []Effect       `json:"outbox,omitempty"`

	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"` // of the question, while Pending
	DueAt     time.Time `json:"due_at,omitzero"`     // when the sweep must look again; zero for never
	// ExecuteBy is until when an approval holds. A plan not begun by then takes
	// a new one: what somebody approved yesterday they may not approve today.
	ExecuteBy time.Time `json:"execute_by,omitzero"`
	Attempts  int       `json:"attempts,omitempty"` // at the plan, or at what is live
	// Retries are of effects in the outbox that are not tried when the finding is due, but
	// at times of their own.
	Retries []Retry `json:"retries,omitempty"`
	// Automatic is true when a policy, not a person, had it reverted.
	Automatic bool `json:"automatic,omitempty"`
	// Guarded is true when a guardrail spoke: then only a person may have it
	// reverted, and silence never does.
	Guarded bool `json:"guarded,omitempty"`
	// Limit is the limit on automatic reverts that kept it from being one:
	// "policy NAME", "project ID" or "total"; empty where none did.
	Limit string `json:"limit,omitempty"`
	// Done is what was written of the plan, or may have been: the before-image
	// of each write with what it became. An undo is the inverse of it.
	Done []judge.Step `json:"done,omitempty"`
	// UndoOf is the finding that this record undoes, if it is an undo.
	UndoOf string `json:"undo_of,omitempty"`
	// UndoneBy is the finding that took back what was written for this one.
	UndoneBy string `json:"undone_by,omitempty"`
	// Paused is true while an approved plan waits for a pause to end.
	Paused bool `json:"held,omitempty"`
	// Unconfirmed is true when Cloud Logging did not show the entry that began
	// the finding as its event had it, or was not asked yet.
	Unconfirmed bool `json:"unconfirmed,omitempty"`
	// Exemption is what a person excepted, if the finding ended that way.
	Exemption *Exemption `json:"exemption,omitempty"`
	// Settled is what came of what the finding settled; nil for nothing yet.
	Settled *Settled `json:"settled,omitempty"`
	// StepUp says which further proof of identity an answer takes, as the policy
	// says; empty for none.
	StepUp policies.StepUp `json:"step_up,omitempty"`
	// PageAt is when on-call is paged if nobody answers until then, PagedAt when
	// they last were; EscalatedAt is when the question was put once more.
	PageAt      time.Time `json:"page_at,omitzero"`
	PagedAt     time.Time `json:"paged_at,omitzero"`
	EscalatedAt time.Time `json:"escalated_at,omitzero"`
	// UndeliveredSince is since when people could not be told of the finding,
	// as it stands; zero while they are. Undelivered is true once that was
	// long enough, or Slack refuses for good.
	UndeliveredSince time.Time `json:"undelivered_since,omitzero"`
	Undelivered      bool      `json:"undelivered,omitempty"`
	// FellBack is true once the Fallback was told.
	FellBack bool `json:"fell_back,omitempty"`
	// Group is the ID of the group whose message shows the finding; empty for
	// one with a message of its own.
	Group string `json:"group,omitempty"`
	// InRoundup is the channel whose roundup speaks for the finding in place of a
	// message of its group; empty for none.
	InRoundup string `json:"in_digest,omitempty"`
	// Published is how many events of the timeline were taken out.
	Published int `json:"published,omitempty"`
	// Misstep says which move from one state to another was refused: then the
	// finding is as it was before, and no store takes it.
	Misstep string `json:"-"`
	// ActorsAt is the revision with which the last of the actors came that did not begin
	// it; 0 while there is none. Who answers what an earlier one showed has not seen them.
	ActorsAt int64 `json:"actors_at,omitempty"`
	// Joined holds the IDs of the changes that joined, so that a redelivered
	// one joins once.
	Joined []string `json:"joined,omitempty"`
}

// Settled is what came of what a finding settled.
type Settled struct {
	// Gone are the parts of its subject that a look at live state did not find since.
	Gone []judge.Step `json:"gone,omitempty"`
	// Again is how many changes made the same and were not raised, First and Last when
	// the first and the last of them was handled, and LastBy who made that one.
	Again  int       `json:"again,omitempty"`
	First  time.Time `json:"first,omitzero"`
	Last   time.Time `json:"last,omitzero"`
	LastBy string    `json:"last_by,omitempty"`
	// Over is true once the timeline says that it is settled no more.
	Over bool `json:"over,omitempty"`
}

// ID returns the finding id of one policy's verdict on one change: the same
// for every delivery of the same entry, so that a redelivery continues the
// finding it began. 26 characters of base32, 128 bits.
func ID(changeID, policy string, r cloud.Resource) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{changeID, policy, r.String()}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}
