package reverts

import (
	"slices"
	"strings"
	"time"
)

// Tally is the reverts of the last hour. The zero Tally has none.
type Tally struct {
	number  int64 // of the segment that it has come to
	entries int   // how many of its entries it has read
	at      time.Time
	byTime  []Entry // oldest first
	of      map[string]Entry
	counts  map[Thing]int
}

// Thing is what has a limit: the zero Thing is all reverts together.
type Thing struct{ What, Name string }

// Policy is the reverts for the policy of that name.
func Policy(name string) Thing { return Thing{"policy", name} }

// Project is the reverts in the project.
func Project(name string) Thing { return Thing{"project", name} }

// Actor is the reverts whose Entry.Actor is that.
func Actor(actor string) Thing { return Thing{"actor", actor} }

// things are those among whose reverts this one is.
func (e Entry) things() [4]Thing {
	return [4]Thing{{}, Policy(e.Policy), Project(e.Project), Actor(e.Actor)}
}

// Has reports whether a revert of the finding counts.
func (t *Tally) Has(finding string) bool {
	_, ok := t.of[finding]
	return ok
}

// Beside is how many reverts of the thing there were, but for that of the finding.
func (t *Tally) Beside(finding string, thing Thing) int {
	n := t.counts[thing]
	if own, ok := t.of[finding]; ok {
		for _, o := range own.things() {
			if o == thing {
				n--
			}
		}
	}
	return n
}

// All are the reverts of the last hour, oldest first.
func (t *Tally) All() []Entry { return slices.Clone(t.byTime) }

// read takes in the entries of a segment that it has not read yet. Segments are read
// in their order.
func (t *Tally) read(s segment) {
	if s.Number != t.number {
		t.number, t.entries = s.Number, 0
	}
	for _, e := range s.Entries[t.entries:] {
		t.remove(e.Finding) // given back, or named anew
		if !e.Back {
			t.add(e)
		}
	}
	t.entries = len(s.Entries)
}

func (t *Tally) add(o Entry) {
	if t.of == nil {
		t.of, t.counts = map[string]Entry{}, map[Thing]int{}
	}
	i, _ := slices.BinarySearchFunc(t.byTime, o, Entry.compare)
	t.byTime = slices.Insert(t.byTime, i, o)
	t.of[o.Finding] = o
	for _, c := range o.things() {
		t.counts[c]++
	}
}

func (t *Tally) remove(finding string) {
	o, ok := t.of[finding]
	if !ok {
		return
	}
	if i, ok := slices.BinarySearchFunc(t.byTime, o, Entry.compare); ok {
		t.byTime = slices.Delete(t.byTime, i, i+1)
	}
	delete(t.of, finding)
	for _, c := range o.things() {
		if t.counts[c]--; t.counts[c] == 0 {
			delete(t.counts, c)
		}
	}
}

// expire forgets what was longer than an hour ago.
func (t *Tally) expire(now time.Time) {
	t.at = now
	for len(t.byTime) > 0 && t.byTime[0].At.Before(now.Add(-Window)) {
		t.remove(t.byTime[0].Finding)
	}
}

// compare orders reverts by their time.
func (e Entry) compare(o Entry) int {
	if c := e.At.Compare(o.At); c != 0 {
		return c
	}
	return strings.Compare(e.Finding, o.Finding)
}
