package replay

import (
	"maps"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// history holds the changes of all inputs until the last has been read: a fact
// that judges the first entry may be in the last.
type history struct {
	single     []cloud.Change
	seen       map[string]int // where in single an ID stands
	operations map[string]*operation
	numbers    numbers
}

func newHistory() *history {
	return &history{seen: map[string]int{}, operations: map[string]*operation{}, numbers: numbers{}}
}

// add keeps the change and reports whether it is new: not read before, from an
// overlapping input or because the log was delivered twice. What stands under
// one ID is one change, though it need not look the same: of the pieces of a
// split entry the first is kept, whichever is read first.
func (h *history) add(c cloud.Change) bool {
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

func (h *history) operation(id string) *operation {
	o := h.operations[id]
	if o == nil {
		o = &operation{}
		h.operations[id] = o
	}
	return o
}

// changes returns what was done, in the order it was done, with projects under
// their ids where those are known.
func (h *history) changes(file *FactsFile) []cloud.Change {
	out := slices.Clone(h.single)
	for _, id := range slices.Sorted(maps.Keys(h.operations)) {
		if c, ok := h.operations[id].change(); ok {
			out = append(out, c)
		}
	}
	ids := h.numbers.with(file)
	for i, c := range out {
		out[i] = ids.rename(c)
	}
	slices.SortStableFunc(out, compareChanges)
	return out
}
