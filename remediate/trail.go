package remediate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// The timeline of a finding is its audit trail: every event has a number and
// the hash of itself and of the hash before it, so that none can be changed,
// taken out or put in between without every later hash being wrong. It is
// stored in the same write as the change of state it tells of, and so before
// any effect of it.

// maxWhat, maxWho and maxActors bound what a trail and an actor set take: some
// of it is text that strangers write, and no store takes more than 1 MiB of a
// finding.
const (
	maxWhat   = 1000 // characters
	maxWho    = 500  // characters
	maxName   = 150  // characters of a name that a stranger chose, within a sentence
	maxActors = 100
	maxActor  = 1000 // bytes of an actor, as it is stored
	maxEvents = 400  // beyond it, waiting for a turn counts as an attempt
)

// withEvent adds an event to the trail. What rescind says again word for word,
// such as that it tries once more, is no news and is left out.
func (f Finding) withEvent(e Event) Finding {
	e.Who, e.Via, e.What = fit(e.Who, maxWho), fit(e.Via, maxWho), fit(e.What, maxWhat)
	if n := len(f.Timeline); n > 0 && e.repeats(f.Timeline[n-1]) {
		return f
	}
	e.At = e.At.UTC().Round(0) // as it reads back
	e.N = len(f.Timeline) + 1
	e.Hash = e.link(f.ID, f.links())
	f.Timeline = append(slices.Clip(f.Timeline), e)
	return f
}

func (e Event) repeats(last Event) bool {
	return e.Who == "" && last.Who == "" && e.State == last.State && e.What == last.What && e.Plan == last.Plan
}

// links is the hash that the next event continues.
func (f Finding) links() string {
	prev := ""
	for _, e := range f.Timeline {
		if e.Hash != "" {
			prev = e.Hash
			continue
		}
		prev = e.link(f.ID, prev) // from before there were hashes
	}
	return prev
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

// TrailHead is the hash of the last event, which stands for the whole trail; it
// is empty for a trail from before there were hashes.
func (f Finding) TrailHead() string {
	if len(f.Timeline) == 0 {
		return ""
	}
	return f.Timeline[len(f.Timeline)-1].Hash
}

// VerifyTrail returns nil if every event of the trail is as it was written, and
// otherwise an error that names the first that is not. Events from before there
// were hashes have neither number nor hash; they can only be first, and have not
// been changed since the first event that has one.
func (f Finding) VerifyTrail() error {
	prev, chained := "", false
	for i, e := range f.Timeline {
		link := e.link(f.ID, prev)
		switch {
		case e.Hash == "" && e.N == 0 && !chained:
		case e.Hash == "":
			return fmt.Errorf("the trail of finding %s breaks at event %d: it has no hash", f.ID, i+1)
		case e.N != i+1:
			return fmt.Errorf("the trail of finding %s breaks at event %d: its number is %d", f.ID, i+1, e.N)
		case e.Hash != link:
			return fmt.Errorf("the trail of finding %s breaks at event %d: its hash does not fit what it says and what is before it", f.ID, i+1)
		default:
			chained = true
		}
		prev = link
	}
	if chained && f.State != f.Timeline[len(f.Timeline)-1].State {
		return fmt.Errorf("finding %s is %s, and its trail ends with %s", f.ID, f.State, f.Timeline[len(f.Timeline)-1].State)
	}
	return nil
}

// Extends returns an error unless the trail of f is that of old with more at
// its end, or with nothing more. Stores ask before they replace a finding.
func (f Finding) Extends(old Finding) error {
	if len(f.Timeline) < len(old.Timeline) {
		return fmt.Errorf("the trail of finding %s has %d events, stored are %d: events are never taken out", f.ID, len(f.Timeline), len(old.Timeline))
	}
	for i, was := range old.Timeline {
		is := f.Timeline[i]
		is.At, was.At = is.At.UTC().Round(0), was.At.UTC().Round(0)
		if is != was {
			return fmt.Errorf("event %d of finding %s is not the one that is stored: events are never changed", i+1, f.ID)
		}
	}
	return nil
}

// answeredVia is how the answer came that an event is about: a transition adds
// the answer before the event.
func (f Finding) answeredVia(who string, at time.Time) string {
	if n := len(f.Answers); n > 0 && who != "" && f.Answers[n-1].Principal == who && f.Answers[n-1].At.Equal(at) {
		return f.Answers[n-1].Via
	}
	return ""
}

// fit makes text one that every store gives back as it took it, and cuts it
// between characters.
func fit(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// bounded is the actor, or the unknown one in place of more actors, and longer
// names, than a finding has room for. To keep a change of unknown actors takes
// two people.
func (f Finding) bounded(a cloud.Actor) cloud.Actor {
	b, err := json.Marshal(a)
	if f.hasActor(a) || err == nil && len(f.Actors) < maxActors && len(b) <= maxActor {
		return a
	}
	return cloud.Actor{Principal: cloud.UnknownActor}
}
