package state

import "slices"

// State is where a finding is in its life. The words are stored and never
// change meaning.
type State string

// The states, as docs and cards name them.
const (
	Reported   State = "reported"   // audit: told, nothing else will happen
	Waiting    State = "waiting"    // for the grace period, or for state that does not show the change yet
	Pending    State = "pending"    // asked, waiting for an answer
	Approved   State = "approved"   // a person, or a policy on expiry, said revert
	Kept       State = "kept"       // a person said keep
	Exempted   State = "exempted"   // a person excepted it for a time
	Expired    State = "expired"    // nobody answered in time
	Superseded State = "superseded" // changed otherwise, or already fixed
	Applying   State = "applying"   // being reverted now
	Reverted   State = "reverted"   // reverted and seen to be
	Blocked    State = "blocked"    // rescind is not allowed to
	Failed     State = "failed"     // tried, and Google Cloud refused
	Uncertain  State = "uncertain"  // written, but not yet seen to hold
	Undone     State = "undone"     // this record undid another
)

// None is where a finding is before it has a state. It is never stored.
const None State = ""

// All lists all states, in the order of a finding's life.
func All() []State {
	return []State{Reported, Waiting, Pending, Approved, Kept, Exempted, Expired, Superseded, Applying, Uncertain, Reverted, Blocked, Failed, Undone}
}

// Open lists the states a finding is not finished in.
func Open() []State {
	return []State{Waiting, Pending, Approved, Applying, Uncertain}
}

// Ended reports whether no arrow leaves the state, but for an operator's
// `findings revert` on a reported one.
func (s State) Ended() bool { return s != None && !slices.Contains(Open(), s) }

// Working reports whether a plan is being carried out: attempts are counted
// over both states together.
func (s State) Working() bool { return s == Applying || s == Uncertain }
