package explore_test

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/remediate/state"
)

// tally counts what was come by.
type tally struct {
	worlds, acts int
	states       map[state.State]int
	arrows       map[[2]state.State]int
	cards        map[uint64]drawing // that were drawn, by all that they show
	probed       map[uint64]bool    // findings that wrong answers came to
	switched     map[[2]bool]bool   // worlds in which somebody switched who may not
}

func newTally() *tally {
	return &tally{states: map[state.State]int{}, arrows: map[[2]state.State]int{}, cards: map[uint64]drawing{}, probed: map[uint64]bool{}, switched: map[[2]bool]bool{}}
}

func (t *tally) moved(from, to state.State) { t.arrows[[2]state.State{from, to}]++ }

func (t *tally) world(w *world) {
	t.worlds++
	for _, f := range w.findings() {
		t.states[f.State]++
	}
}

// add takes over what another tally counted.
func (t *tally) add(o *tally) {
	t.worlds, t.acts = t.worlds+o.worlds, t.acts+o.acts
	for s, n := range o.states {
		t.states[s] += n
	}
	for a, n := range o.arrows {
		t.arrows[a] += n
	}
}

// String is the figures in lines.
func (t *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds, %d acts\nstates visited (%d of %d):", t.worlds, t.acts, len(t.states), len(state.All()))
	for _, s := range state.All() {
		fmt.Fprintf(&b, " %s %d", s, t.states[s])
	}
	taken := 0
	var lines []string
	for _, a := range arrows() {
		n := t.arrows[a]
		if n > 0 {
			taken++
		}
		lines = append(lines, fmt.Sprintf("  %-10s -> %-10s %d", a[0], a[1], n))
	}
	fmt.Fprintf(&b, "\narrows taken (%d of %d):\n%s", taken, len(lines), strings.Join(lines, "\n"))
	return b.String()
}

// missed are the arrows of the table that no story took.
func (t *tally) missed() []string {
	var out []string
	for _, a := range arrows() {
		if t.arrows[a] == 0 {
			out = append(out, string(a[0])+" to "+string(a[1]))
		}
	}
	return out
}

// arrows are those of the table, whatever they are taken by.
func arrows() (out [][2]state.State) {
	all := append([]state.State{state.None}, state.All()...)
	for _, from := range all {
		for _, to := range all {
			if state.Follows(from, to) {
				out = append(out, [2]state.State{from, to})
			}
		}
	}
	return out
}
