package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Keep is how long a chain is kept: that of a finding from its end, that of the
// ledger from the end of its day.
const Keep = 400 * 24 * time.Hour

// keepRoot is how long a root is kept, from when it was made: longer than anything it
// holds that has ended by then.
const keepRoot = Keep + 35*24*time.Hour

// Head is how far a chain had come.
type Head struct {
	Chain string `json:"chain"` // "finding/ID" or "ledger/DAY"
	N     int    `json:"n"`     // of the last event or record
	Hash  string `json:"hash"`  // likewise
	// Gone is the UTC day from which the chain may be gone, as it was kept long
	// enough; empty while it may not.
	Gone string `json:"gone,omitempty"`
}

// NewHead is the head of a chain that a store may forget from then on; the zero time
// for never. The day is early by an hour at least, as clocks differ.
func NewHead(chain string, n int, hash string, forget time.Time) Head {
	h := Head{Chain: chain, N: n, Hash: hash}
	if !forget.IsZero() {
		h.Gone = dayOf(forget.Add(-time.Hour))
	}
	return h
}

// MayBeGone reports whether the chain was kept long enough by then.
func (h Head) MayBeGone(now time.Time) bool { return h.Gone != "" && dayOf(now) >= h.Gone }

// Finding is the id of the finding whose chain it is; empty for one of the ledger.
func (h Head) Finding() string {
	id, ok := strings.CutPrefix(h.Chain, "finding/")
	if !ok {
		return ""
	}
	return id
}

// Day is the day of the ledger whose chain it is; empty for that of a finding.
func (h Head) Day() string {
	day, ok := strings.CutPrefix(h.Chain, "ledger/")
	if !ok {
		return ""
	}
	return day
}

// String names the chain and how much of it there was.
func (h Head) String() string {
	if day := h.Day(); day != "" {
		return fmt.Sprintf("the ledger of %s with %d records", day, h.N)
	}
	return fmt.Sprintf("finding %s with %d events", h.Finding(), h.N)
}

// Root binds the heads of chains that grew since the root before it. The roots are
// a chain themselves, so that the last one stands for all there is.
type Root struct {
	N      int       `json:"n"` // from 1
	At     time.Time `json:"at"`
	Prev   string    `json:"prev,omitempty"` // hash of the root before
	PrevAt time.Time `json:"prev_at,omitzero"`
	Since  time.Time `json:"since"` // the marker
	Heads  []Head    `json:"heads"`
	Hash   string    `json:"hash"`
}

// link is the SHA-256, in hexadecimal, of the hash before and all that the root says.
func (r Root) link() string {
	h := sha256.New()
	netstrings(h, "root", r.Prev, r.PrevAt.UTC().Format(time.RFC3339Nano), strconv.Itoa(r.N), r.At.UTC().Format(time.RFC3339Nano), r.Since.UTC().Format(time.RFC3339Nano))
	for _, head := range r.Heads {
		netstrings(h, head.Chain, strconv.Itoa(head.N), head.Hash, head.Gone)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// forgotten reports whether the root before this one was kept long enough by then.
func (r Root) forgotten(now time.Time) bool {
	return r.N <= 1 || !now.Before(r.PrevAt.Add(keepRoot-time.Hour))
}

// Line is the root as a line of the copy that leaves the store.
func (r Root) Line() Line {
	return Line{
		At: r.At, Chain: RootChain, N: r.N, Kind: "root", Hash: r.Hash,
		What: fmt.Sprintf("%d findings or days of the ledger have grown", len(r.Heads)),
	}
}

// RootChain is the chain that the lines of roots are in.
const RootChain = "roots"
