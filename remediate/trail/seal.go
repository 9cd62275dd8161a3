package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A hash has one of three forms, by which it says how it was made. A rescind that
// knows the first form alone leaves the others as they are, and its own next event
// holds them: so neighbouring releases can write one trail.
//
//	LINK             the event and what is before it
//	LINK.SEAL        and the digest of what the record said then
//	LINK.SEAL.FOUND  and the digest of what it said before, where that is not
//	                 what the event before had sealed: somebody changed the record
//	                 beside its trail

// Sealed is the trail with the seal in the hash of each event after the first so
// many. Found is the digest of the record as it was before them, if that is not the
// one that the last event before them sealed. Events that With did not add are left
// as they are.
func (t Timeline) Sealed(id string, after int, seal, found string) Timeline {
	out := slices.Clone(t)
	was := t[:after].last(id)
	prev := was
	for i, e := range t[after:] {
		if e.N != after+i+1 || e.Hash != e.link(id, was) {
			return t
		}
		was = e.Hash
		e = e.sealed(id, prev, seal, found)
		out[after+i], prev, found = e, e.Hash, ""
	}
	return out
}

// Seal is the digest of the record that the last event sealed; empty if it sealed none.
func (t Timeline) Seal() string {
	if len(t) == 0 {
		return ""
	}
	_, seal, _ := t[len(t)-1].parts()
	return seal
}

// sealed is the event with a hash that holds the record as well.
func (e Event) sealed(id, prev, seal, found string) Event {
	h := sha256.New()
	netstrings(h, "2", prev, id, strconv.Itoa(e.N), e.At.UTC().Format(time.RFC3339Nano), string(e.State), e.Who, e.Via, e.What, e.Plan, seal, found)
	e.Hash = hex.EncodeToString(h.Sum(nil)) + "." + seal
	if found != "" {
		e.Hash += "." + found
	}
	return e
}

// parts are those of the hash.
func (e Event) parts() (link, seal, found string) {
	link, rest, _ := strings.Cut(e.Hash, ".")
	seal, found, _ = strings.Cut(rest, ".")
	return link, seal, found
}

func (e Event) found() string {
	_, _, found := e.parts()
	return found
}

// fits reports whether the hash is that of the event after the one with that hash.
func (e Event) fits(id, prev string) bool {
	_, seal, found := e.parts()
	if seal == "" {
		return e.Hash == e.link(id, prev)
	}
	return e.Hash == e.sealed(id, prev, seal, found).Hash
}

// linked is the hash that the next event continues. An event from before there were
// hashes has the one it would have.
func (e Event) linked(id, prev string) string {
	if e.Hash != "" {
		return e.Hash
	}
	return e.link(id, prev)
}
