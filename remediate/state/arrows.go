package state

import "slices"

// Cause is what moves a finding to its next state.
type Cause string

// The causes.
const (
	ByEvent  Cause = "event"  // a change that was logged, or that a scan found
	ByPerson Cause = "person" // an answer
	ByTimer  Cause = "timer"  // a time that has come, which the sweep notices
	ByEffect Cause = "effect" // what came of carrying the plan out
)

// arrow says that one state may follow the other, and by what.
type arrow struct {
	from, to State
	by       []Cause
}

// arrows is the life of a finding. What is not here does not happen: a
// transition that tries it is refused, and its finding cannot be stored.
var arrows = []arrow{
	// What a judgement begins as. An undo begins with the person who asks for it.
	{None, Reported, []Cause{ByEvent}},
	{None, Waiting, []Cause{ByEvent}},
	{None, Pending, []Cause{ByEvent, ByPerson}},
	{None, Approved, []Cause{ByEvent}},
	{None, Exempted, []Cause{ByEvent}},
	{None, Superseded, []Cause{ByEvent}},

	// What a later look comes to: by the other half of the change, or when it is
	// time to look again.
	{Waiting, Waiting, []Cause{ByEvent, ByTimer}},
	{Waiting, Reported, []Cause{ByEvent, ByTimer}},
	{Waiting, Pending, []Cause{ByEvent, ByTimer}},
	{Waiting, Approved, []Cause{ByEvent, ByTimer}},
	{Waiting, Exempted, []Cause{ByEvent, ByTimer}},
	{Waiting, Superseded, []Cause{ByEvent, ByTimer}},
	{Waiting, Failed, []Cause{ByTimer}},

	{Pending, Approved, []Cause{ByPerson, ByTimer}},
	{Pending, Kept, []Cause{ByPerson}},
	{Pending, Exempted, []Cause{ByPerson}},
	{Pending, Expired, []Cause{ByTimer}},
	{Pending, Superseded, []Cause{ByEvent}},
	{Pending, Failed, []Cause{ByTimer}},
	{Reported, Approved, []Cause{ByPerson}},

	// Carrying the plan out begins with what may keep it from being begun.
	{Approved, Applying, []Cause{ByEffect}},
	{Approved, Pending, []Cause{ByEffect}},
	{Approved, Expired, []Cause{ByEffect}},
	{Approved, Superseded, []Cause{ByEffect}},

	{Applying, Applying, []Cause{ByEffect}},
	{Applying, Uncertain, []Cause{ByEffect}},
	{Applying, Reverted, []Cause{ByEffect}},
	{Applying, Undone, []Cause{ByEffect}},
	{Applying, Superseded, []Cause{ByEffect}},
	{Applying, Blocked, []Cause{ByEffect}},
	{Applying, Failed, []Cause{ByEffect}},
	{Uncertain, Applying, []Cause{ByEffect}},
}

// Leads reports whether the cause may take a finding from one state to the other.
func Leads(from, to State, by Cause) bool {
	return slices.ContainsFunc(arrows, func(a arrow) bool {
		return a.from == from && a.to == to && slices.Contains(a.by, by)
	})
}

// Follows reports whether one state may follow the other, by whatever cause.
func Follows(from, to State) bool {
	return slices.ContainsFunc(arrows, func(a arrow) bool { return a.from == from && a.to == to })
}
