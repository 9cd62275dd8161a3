package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"
)

// Kind says what a record of the ledger is about. The words are stored and
// never change meaning.
type Kind string

// The kinds.
const (
	Refused Kind = "refused" // an answer, a pause or a resume that was not accepted
	Paused  Kind = "paused"
	Resumed Kind = "resumed"
	Started Kind = "started" // a process, with what it runs
	Alarm   Kind = "alarm"
	// Voted is an answer to all findings of a group that was accepted. While
	// there are too few of them no finding's own trail has it.
	Voted Kind = "group-answer"
	// ExemptionEnded is an exception whose time is over.
	ExemptionEnded Kind = "exemption-ended"
)

// Record is one line of the ledger.
type Record struct {
	Day  string    `json:"day"` // the chain it is in: the UTC day of At, "2026-11-22"
	N    int       `json:"n"`   // its number in that chain, from 1
	At   time.Time `json:"at"`
	Kind Kind      `json:"kind"`
	// Who is a principal, as far as it is known; Via is how they came, such as
	// "slack:T0123/U01" or "cli".
	Who     string `json:"who,omitempty"`
	Via     string `json:"via,omitempty"`
	Finding string `json:"finding,omitempty"`
	Class   string `json:"class,omitempty"` // of a refusal: the kind of reason, in a word
	What    string `json:"what"`
	Plan    string `json:"plan,omitempty"` // the digest that an answer named
	// Count is how many more of its kind the record stands for; zero for one
	// that stands for itself.
	Count int    `json:"count,omitempty"`
	Hash  string `json:"hash"` // of this record and the hash of the one before it
}

// link is the SHA-256, in hexadecimal, of the hash before and all that the
// record says, written as those of a finding's events are.
func (e Record) link(prev string) string {
	h := sha256.New()
	netstrings(h, prev, e.Day, strconv.Itoa(e.N), e.At.UTC().Format(time.RFC3339Nano), string(e.Kind),
		e.Who, e.Via, e.Finding, e.Class, e.What, e.Plan, strconv.Itoa(e.Count))
	return hex.EncodeToString(h.Sum(nil))
}

// at is the record as it is stored if it happened then: in the chain of that
// day, with no more of what strangers write than a line has room for.
func (e Record) at(now time.Time) Record {
	e.At = now.UTC().Round(0)
	e.Day = dayOf(e.At)
	e.Who, e.Via, e.What = Fit(e.Who, MaxWho), Fit(e.Via, MaxWho), Fit(e.What, maxWhat)
	e.Finding, e.Class, e.Plan = Fit(e.Finding, MaxName), Fit(e.Class, MaxName), Fit(e.Plan, MaxName)
	return e
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }
