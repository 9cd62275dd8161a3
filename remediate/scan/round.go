package scan

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
)

// Round is how far one walk over live state is. It is a value that is stored
// after every resource, so that whoever comes next goes on where the last one
// stopped.
//
// It stays small however much there is to scan: the walk goes down before it
// goes on, so it holds the rest of one page for every level on the way from
// the top to where it stands. Folders nest ten deep, and a page is fifty names.
type Round struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended,omitzero"` // zero while it goes on
	// Scanned counts resources, Failed the resources and lists that could not
	// be read, Raised the findings that it opened.
	Scanned int `json:"scanned"`
	Failed  int `json:"failed"`
	Raised  int `json:"raised"`
	// Stack is the way to where the walk stands, the top first.
	Stack []Place `json:"stack,omitempty"`
	// Holder is the process that is at it, until HeldUntil.
	Holder      string    `json:"holder,omitempty"`
	LeasedUntil time.Time `json:"held_until,omitzero"`
}

// Place is a container on the way, and what of it is left to do. The zero
// Container holds the tops.
type Place struct {
	Container cloud.Resource `json:"container,omitzero"`
	// Listing is the kind that is listed, from Page on; empty once every list
	// was read.
	Listing cloud.Kind `json:"listing,omitempty"`
	Page    string     `json:"page,omitempty"`
	// Left is what was listed and not gone to.
	Left []cloud.Resource `json:"left,omitempty"`
}

// task is what a round does next: scan At, or list a kind of what it holds.
type task struct {
	at   cloud.Resource
	list cloud.Kind // empty: scan
	page string
}

// newRound begins at the tops, projects first and organizations last: by the
// time the grants of an organization are judged, the workloads of the
// projects were seen.
func newRound(tops []cloud.Resource, now time.Time) Round {
	order := []cloud.Kind{cloud.Project, cloud.Folder, cloud.Organization}
	tops = slices.Clone(tops)
	slices.SortStableFunc(tops, func(a, b cloud.Resource) int {
		return cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind))
	})
	return Round{Began: now, Stack: []Place{{Left: tops}}}
}

// next is the next task; false at the end. It goes down into containers, and a
// container itself is scanned after all that it holds.
func (s *Round) next() (task, bool) {
	for len(s.Stack) > 0 {
		top := &s.Stack[len(s.Stack)-1]
		switch {
		case len(top.Left) > 0 && top.Left[0].Kind.Container():
			in := top.Left[0]
			top.Left = top.Left[1:]
			s.Stack = append(s.Stack, Place{Container: in, Listing: in.Kind.Holds()[0]})
		case len(top.Left) > 0:
			return task{at: top.Left[0]}, true
		case top.Listing != "":
			return task{at: top.Container, list: top.Listing, page: top.Page}, true
		case top.Container != cloud.Resource{}:
			return task{at: top.Container}, true
		default:
			s.Stack = s.Stack[:len(s.Stack)-1]
		}
	}
	return task{}, false
}

// went is called when the resource that next named was scanned.
func (s *Round) went() {
	top := &s.Stack[len(s.Stack)-1]
	if len(top.Left) > 0 {
		top.Left = top.Left[1:]
		return
	}
	s.Stack = s.Stack[:len(s.Stack)-1]
}

// read is called with the page that next named.
func (s *Round) read(found []cloud.Resource, page string) {
	top := &s.Stack[len(s.Stack)-1]
	top.Left, top.Page = found, page
	if page != "" {
		return
	}
	kinds := append(top.Container.Kind.Holds(), "")
	top.Listing = kinds[slices.Index(kinds, top.Listing)+1]
}

// leased reports whether another process is at it.
func (s Round) leased(now time.Time) bool { return now.Before(s.LeasedUntil) }

func (s Round) over() bool { return s.Began.IsZero() || !s.Ended.IsZero() }

// String says what a round came to.
func (s Round) String() string {
	return fmt.Sprintf("%d resources scanned, %d findings raised, %d parts not read", s.Scanned, s.Raised, s.Failed)
}

// roundIn reads a stored round. One that this version cannot read is begun anew:
// it is only a place to go on from.
func roundIn(c cells.Cell) (Round, error) {
	var s Round
	if len(c.Value) == 0 {
		return s, nil
	}
	if err := cells.Decode(c.Value, &s); err != nil {
		return Round{}, fmt.Errorf("read where the scan stands: %w", err)
	}
	for _, p := range s.Stack {
		if p.Listing != "" && !slices.Contains(p.Container.Kind.Holds(), p.Listing) {
			return Round{}, fmt.Errorf("read where the scan stands: %q is not listed in %s", p.Listing, p.Container)
		}
	}
	return s, nil
}
