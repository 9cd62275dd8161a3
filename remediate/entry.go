package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// EntryKind says what an entry of the ledger is about. The words are stored and
// never change meaning.
type EntryKind string

// The kinds.
const (
	EntryRefused EntryKind = "refused" // an answer, a pause or a resume that was not accepted
	EntryPaused  EntryKind = "paused"
	EntryResumed EntryKind = "resumed"
	EntryStarted EntryKind = "started" // a process, with what it runs
	EntryAlarm   EntryKind = "alarm"
	// EntryVoted is an answer to all findings of a group that was accepted. While
	// there are too few of them no finding's own trail has it.
	EntryVoted EntryKind = "group-answer"
	// EntryExemptionEnded is an exception whose time is over.
	EntryExemptionEnded EntryKind = "exemption-ended"
)

// Entry is one line of the ledger.
type Entry struct {
	Day  string    `json:"day"` // the chain it is in: the UTC day of At, "2026-11-22"
	N    int       `json:"n"`   // its number in that chain, from 1
	At   time.Time `json:"at"`
	Kind EntryKind `json:"kind"`
	// Who is a principal, as far as it is known; Via is how they came, such as
	// "slack:T0123/U01" or "cli".
	Who     string `json:"who,omitempty"`
	Via     string `json:"via,omitempty"`
	Finding string `json:"finding,omitempty"`
	Class   string `json:"class,omitempty"` // of a refusal: the kind of reason, in a word
	What    string `json:"what"`
	Plan    string `json:"plan,omitempty"` // the digest that an answer named
	// Count is how many more of its kind the entry stands for; zero for one
	// that stands for itself.
	Count int    `json:"count,omitempty"`
	Hash  string `json:"hash"` // of this entry and the hash of the one before it
}

// link is the SHA-256, in hexadecimal, of the hash before and all that the
// entry says, written as those of a finding's events are.
func (e Entry) link(prev string) string {
	h := sha256.New()
	netstrings(h, prev, e.Day, strconv.Itoa(e.N), e.At.UTC().Format(time.RFC3339Nano), string(e.Kind),
		e.Who, e.Via, e.Finding, e.Class, e.What, e.Plan, strconv.Itoa(e.Count))
	return hex.EncodeToString(h.Sum(nil))
}

// at is the entry as it is stored if it happened then: in the chain of that
// day, with no more of what strangers write than a line has room for.
func (e Entry) at(now time.Time) Entry {
	e.At = now.UTC().Round(0)
	e.Day = dayOf(e.At)
	e.Who, e.Via, e.What = fit(e.Who, maxWho), fit(e.Via, maxWho), fit(e.What, maxWhat)
	e.Finding, e.Class, e.Plan = fit(e.Finding, maxName), fit(e.Class, maxName), fit(e.Plan, maxName)
	return e
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }
