package replay

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

// history holds the changes of all inputs until the last has been read: a fact
// that judges the first entry may be in the last.
type history struct {
	single     []cloud.Change
	seen       map[string]int // where in single an ID stands
	operations map[string]*operation
	numbers    numbers
	words      words
}

func newHistory() *history {
	return &history{seen: map[string]int{}, operations: map[string]*operation{}, numbers: numbers{}, words: words{}}
}

// add keeps the change and reports whether it is new: not read before, from an
// overlapping input or because the log was delivered twice. What stands under
// one ID is one change, though it need not look the same: of the pieces of a
// split entry the first is kept, whichever is read first.
func (h *history) add(c cloud.Change) bool {
	h.words.shareIn(&c)
	if c.Half != cloud.Whole && c.ID != "" {
		return h.operation(c.ID).add(c)
	}
	i, known := h.seen[c.ID]
	switch {
	case known && compareChanges(c, h.single[i]) < 0:
		h.single[i] = c
	case !known:
		if c.ID != "" {
			h.seen[c.ID] = len(h.single)
		}
		h.single = append(h.single, c)
	}
	return !known
}

// void notes that the call changed nothing after all. The other half of its
// operation, which need not say so, then counts for nothing either.
func (h *history) void(c cloud.Change) {
	if c.Half != cloud.Whole && c.ID != "" {
		h.operation(c.ID).void = true
	}
}

// failed notes that the call ended with an error. A service that was made or changed is
// there all the same when its revision did not become ready: the operation then began, and
// ended with a code that says nothing of what was asked for.
func (h *history) failed(c cloud.Change, err error) {
	var call *auditlog.FailedCall
	if c.Half == cloud.LastHalf && c.ID != "" && c.Verb != cloud.Delete && c.Service == "run.googleapis.com" && errors.As(err, &call) && perhapsStored[call.Code] {
		h.operation(c.ID).brokeOff = call.Code
		return
	}
	h.void(c)
}

// perhapsStored are the codes with which an operation may end that stored what was asked
// for: UNKNOWN, DEADLINE_EXCEEDED, FAILED_PRECONDITION, INTERNAL and UNAVAILABLE.
var perhapsStored = map[string]bool{"2": true, "4": true, "9": true, "13": true, "14": true}

// words are texts that many changes have, each once: they are most of what a change takes.
type words map[string]string

func (w words) shareIn(c *cloud.Change) {
	for _, text := range []*string{&c.LogName, &c.Service, &c.Method, &c.Actor.Principal, &c.Resource.Project, &c.Resource.Location, &c.Resource.Name} {
		*text = w.share(*text)
	}
	c.UserAgent = string(toolOf(c.UserAgent)) // a hint, by which nothing is judged; the rest of it is of one call
	if c.Workload != nil {
		of := &c.Workload.Resource
		for _, text := range []*string{&c.Workload.Identity.Email, &of.Project, &of.Location, &of.Name} {
			*text = w.share(*text)
		}
	}
}

func (w words) share(text string) string {
	if known, ok := w[text]; ok {
		return known
	}
	w[text] = strings.Clone(text)
	return w[text]
}

func (h *history) operation(id string) *operation {
	o := h.operations[id]
	if o == nil {
		o = &operation{}
		h.operations[id] = o
	}
	return o
}

// changes returns what was done, in the order it was done, with projects under
// their ids where those are known. The history keeps nothing of it but the numbers.
func (h *history) changes(file *FactsFile) []cloud.Change {
	h.seen, h.words = nil, nil
	out := slices.Grow(h.single, len(h.operations))
	h.single = nil
	for _, id := range slices.Sorted(maps.Keys(h.operations)) {
		if c, ok := h.operations[id].change(); ok {
			out = append(out, c)
		}
		delete(h.operations, id)
	}
	h.operations = nil
	ids := h.numbers.with(file)
	for i := range out {
		ids.rename(&out[i])
	}
	if !slices.IsSortedFunc(out, compareChanges) { // a change is large to move
		slices.SortStableFunc(out, compareChanges)
	}
	return out
}
