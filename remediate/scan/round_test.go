package scan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// tree is what a scan goes through: what lies right in each container.
type tree map[cloud.Resource][]cloud.Resource

// grown is a tree below the organization, of so many levels of folders.
func grown(rng *rand.Rand, depth int) tree {
	t := tree{}
	t.grow(rng, cloud.OrganizationResource("77"), depth)
	return t
}

func (t tree) grow(rng *rand.Rand, in cloud.Resource, depth int) {
	t[in] = nil
	for range rng.IntN(4) {
		p := cloud.ProjectResource(fmt.Sprint("p", len(t)))
		t[in], t[p] = append(t[in], p), nil
		for i := range rng.IntN(5) {
			kind := cloud.Project.Holds()[rng.IntN(3)]
			t[p] = append(t[p], cloud.RunResource(kind, p.Name, "europe-west1", fmt.Sprint("w", i)))
		}
	}
	for range rng.IntN(3) {
		if depth > 0 {
			f := cloud.FolderResource(fmt.Sprint(len(t)))
			t[in] = append(t[in], f)
			t.grow(rng, f, depth-1)
		}
	}
}

// all are the resources of the tree.
func (t tree) all() (out []string) {
	for in, of := range t {
		out = append(out, in.String())
		for _, r := range of {
			if !r.Kind.Container() {
				out = append(out, r.String())
			}
		}
	}
	slices.Sort(out)
	return out
}

// list is a page of two of what a container holds of that kind.
func (t tree) list(in cloud.Resource, k cloud.Kind, page string) (found []cloud.Resource, next string) {
	of := slices.DeleteFunc(slices.Clone(t[in]), func(r cloud.Resource) bool { return r.Kind != k })
	from := 0
	if page != "" {
		_, _ = fmt.Sscan(page, &from)
	}
	if from+2 < len(of) {
		return of[from : from+2], fmt.Sprint(from + 2)
	}
	return of[min(from, len(of)):], ""
}

// walk takes the round to its end and returns what was scanned, in order. After
// each task it calls after.
func (t tree) walk(s Round, after func(Round) Round) (scanned []cloud.Resource) {
	for {
		next, left := s.next()
		switch {
		case !left:
			return scanned
		case next.list != "":
			s.read(t.list(next.at, next.list, next.page))
		default:
			scanned = append(scanned, next.at)
			s.went()
		}
		s = after(s)
	}
}

func names(rs []cloud.Resource) (out []string) {
	for _, r := range rs {
		out = append(out, r.String())
	}
	return out
}

func TestARoundComesToEverythingOnceAndToAContainerAfterAllThatItHolds(t *testing.T) {
	for seed := range uint64(50) {
		tr := grown(rand.New(rand.NewPCG(seed, 1)), 5)
		deepest := 0
		got := tr.walk(newRound([]cloud.Resource{cloud.OrganizationResource("77")}, noon), func(s Round) Round {
			deepest = max(deepest, len(s.Stack))
			return s
		})
		seen := names(got)
		sorted := slices.Sorted(slices.Values(seen))
		if d := cmp.Diff(tr.all(), sorted); d != "" {
			t.Fatalf("seed %d, scanned (-want +got):\n%s", seed, d)
		}
		for in, of := range tr {
			for _, r := range of {
				if slices.Index(seen, r.String()) > slices.Index(seen, in.String()) {
					t.Errorf("seed %d: %s is scanned before %s, which lies in it", seed, in, r)
				}
			}
		}
		if deepest > 8 { // the tops, the organization, five folders and a project
			t.Errorf("seed %d: the way is %d long", seed, deepest)
		}
	}
}

func TestARoundThatIsStoredAfterEveryStepGoesOnWhereItStood(t *testing.T) {
	tr := grown(rand.New(rand.NewPCG(7, 7)), 4)
	tops := []cloud.Resource{cloud.OrganizationResource("77")}
	whole := tr.walk(newRound(tops, noon), func(s Round) Round { return s })
	stored := tr.walk(newRound(tops, noon), func(s Round) Round {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		read, err := roundIn(cells.Cell{Value: b})
		if err != nil {
			t.Fatal(err)
		}
		return read
	})
	if d := cmp.Diff(names(whole), names(stored)); d != "" || len(whole) < 10 {
		t.Errorf("of %d, read back each time (-whole +stored):\n%s", len(whole), d)
	}
}

// What a process did not come to store before it died is what next names again.
func TestWhatWasNotDoneIsNamedAgain(t *testing.T) {
	s := newRound([]cloud.Resource{cloud.ProjectResource("p")}, noon)
	for range 3 {
		if got, left := s.next(); !left || got.list != cloud.RunService || got.at.Name != "p" {
			t.Fatalf("next is %+v, %t", got, left)
		}
	}
	s.read([]cloud.Resource{cloud.RunResource(cloud.RunService, "p", "l", "a")}, "more")
	for range 3 {
		if got, _ := s.next(); got.list != "" || got.at.Name != "a" {
			t.Fatalf("next is %+v, want the service", got)
		}
	}
	s.went()
	if got, _ := s.next(); got.list != cloud.RunService || got.page != "more" {
		t.Errorf("next is %+v, want the page after", got)
	}
}

func TestAListThatCannotBeReadLeavesTheOthersToBeRead(t *testing.T) {
	s := newRound([]cloud.Resource{cloud.ProjectResource("p")}, noon)
	var tried []cloud.Kind
	for {
		next, _ := s.next()
		if next.list == "" {
			break
		}
		tried = append(tried, next.list)
		s.read(nil, "") // which is all that is known of it
	}
	if d := cmp.Diff(cloud.Project.Holds(), tried); d != "" {
		t.Errorf("lists (-want +got):\n%s", d)
	}
	if got, left := s.next(); !left || got.at != cloud.ProjectResource("p") {
		t.Errorf("after them comes %+v, %t; want the project itself", got, left)
	}
	s.went()
	for range 2 {
		if got, left := s.next(); left {
			t.Errorf("at the end comes %+v", got)
		}
	}
}

func TestARoundBeginsWithProjectsAndEndsWithOrganizations(t *testing.T) {
	tops := []cloud.Resource{cloud.OrganizationResource("77"), cloud.ProjectResource("b"), cloud.FolderResource("12"), cloud.ProjectResource("a")}
	given := slices.Clone(tops)
	s := newRound(tops, noon)
	want := []cloud.Resource{cloud.ProjectResource("b"), cloud.ProjectResource("a"), cloud.FolderResource("12"), cloud.OrganizationResource("77")}
	if d := cmp.Diff(want, s.Stack[0].Left); d != "" || !slices.Equal(given, tops) {
		t.Errorf("it begins at (-want +got):\n%s\nand the scope is %v", d, tops)
	}
	if s.over() || !s.Began.Equal(noon) {
		t.Errorf("it began at %s, and is over: %t", s.Began, s.over())
	}
}

func TestARoundIsHeldUntilItsLeaseEndsAndOverOnceItEnded(t *testing.T) {
	if (Round{}).leased(noon) || !(Round{}).over() {
		t.Error("one that was never begun is held, or under way")
	}
	s := Round{Began: noon, LeasedUntil: noon.Add(time.Minute)}
	if !s.leased(noon.Add(time.Minute-1)) || s.leased(noon.Add(time.Minute)) || s.over() {
		t.Errorf("held %t, then %t; over %t", s.leased(noon.Add(time.Minute-1)), s.leased(noon.Add(time.Minute)), s.over())
	}
	if s.Ended = noon; !s.over() {
		t.Error("one that ended is under way")
	}
}

func TestARoundOfAnotherVersionIsBegunAnew(t *testing.T) {
	if s, err := roundIn(cells.Cell{}); err != nil || !s.over() {
		t.Errorf("where none was stored: %+v, %v", s, err)
	}
	for name, stored := range map[string]string{
		"not JSON":        `{"began":`,
		"of another kind": `{"began":"2026-11-22T12:00:00Z","stack":[{"container":"//cloudresourcemanager.googleapis.com/projects/p","listing":"vm"}]}`,
		"listed elsewhere": `{"began":"2026-11-22T12:00:00Z","stack":[{"container":"//cloudresourcemanager.googleapis.com/folders/12","listing":"` +
			string(cloud.RunService) + `"}]}`,
	} {
		if s, err := roundIn(cells.Cell{Value: []byte(stored)}); err == nil || !s.over() {
			t.Errorf("%s: %+v, %v; want an error, and none under way", name, s, err)
		}
	}
}
