package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Event is one line of a finding's timeline: what happened, when, by whom.
type Event struct {
	At    time.Time   `json:"at"`
	State state.State `json:"state"`
	Who   string      `json:"who,omitempty"` // a principal; empty for rescind itself
	What  string      `json:"what"`
	// N counts the events from 1; Hash is that of this event and, through the
	// one before it, of all before it. Both are missing from before there were
	// hashes. See Timeline.Verify, and seal.go for the forms of a hash.
	N    int    `json:"n,omitempty"`
	Hash string `json:"hash,omitempty"`
	Via  string `json:"via,omitempty"`  // how the answer came that it is about
	Plan string `json:"plan,omitempty"` // digest of the plan as it stood
}

func (e Event) repeats(last Event) bool {
	return e.Who == "" && last.Who == "" && e.State == last.State && e.What == last.What && e.Plan == last.Plan
}

func (e Event) fitted() Event {
	e.Who, e.Via, e.What = Fit(e.Who, MaxWho), Fit(e.Via, MaxWho), Fit(e.What, maxWhat)
	return e
}

// link is the SHA-256, in hexadecimal, of the hash before, the finding's id and
// all that the event says, each written as its length, a colon and its bytes.
func (e Event) link(id, prev string) string {
	h := sha256.New()
	netstrings(h, prev, id, strconv.Itoa(e.N), e.At.UTC().Format(time.RFC3339Nano), string(e.State), e.Who, e.Via, e.What, e.Plan)
	return hex.EncodeToString(h.Sum(nil))
}

// netstrings writes fields so that no two lists of them are written alike.
func netstrings(h hash.Hash, fields ...string) {
	for _, s := range fields {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
}

// How many characters of a text that strangers write a trail takes.
const (
	maxWhat = 1000
	MaxWho  = 500
	MaxName = 150 // of a name that a stranger chose, within a sentence
)

// Fit makes text one that every store gives back as it took it, and cuts it
// between characters.
func Fit(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}
