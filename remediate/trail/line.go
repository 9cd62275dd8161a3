package trail

import (
	"strconv"
	"strings"
	"time"
)

// Line is one line of the audit trail, of a finding's or of the ledger, as it
// is listed and as it leaves the store.
type Line struct {
	At time.Time `json:"at"`
	// Chain is what the line is in: "finding/ID" or "ledger/DAY".
	Chain string `json:"chain"`
	N     int    `json:"n"`
	// Kind is the state that a finding was then in, or the Kind of a record.
	Kind     string `json:"kind"`
	Finding  string `json:"finding,omitempty"`
	Policy   string `json:"policy,omitempty"`
	Resource string `json:"resource,omitempty"`
	Who      string `json:"who,omitempty"` // empty for rescind itself
	Via      string `json:"via,omitempty"`
	Class    string `json:"class,omitempty"`
	What     string `json:"what"`
	Plan     string `json:"plan,omitempty"`
	Count    int    `json:"count,omitempty"`
	Hash     string `json:"hash,omitempty"`
}

// Line is the record as a line.
func (e Record) Line() Line {
	return Line{
		At: e.At, Chain: "ledger/" + e.Day, N: e.N, Kind: string(e.Kind), Finding: e.Finding, Who: e.Who, Via: e.Via,
		Class: e.Class, What: e.What, Plan: e.Plan, Count: e.Count, Hash: e.Hash,
	}
}

// InsertID names the line the same every time it leaves the store: by the link of its
// hash, or by its place for one from before there were hashes. It is one that Cloud
// Logging takes.
func (l Line) InsertID() string {
	if link, _, _ := strings.Cut(l.Hash, "."); link != "" {
		return link
	}
	return strings.ReplaceAll(l.Chain, "/", "-") + "-" + strconv.Itoa(l.N)
}
