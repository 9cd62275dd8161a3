package group

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	ada = "user:ada@example.com"
	bob = "user:bob@example.com"
)

// question is the n-th finding of one cause, whose plan is its own.
func question(n int) finding.Finding {
	id := fmt.Sprint("f", n)
	return finding.Finding{
		ID: id, Revision: 1, Policy: "public", Severity: policies.High, State: state.Pending, CreatedAt: noon,
		Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", id), Plan: judge.Plan{Digest: "digest of " + id},
		Timeline: trail.Timeline{{State: state.Pending, What: "asked"}}, Actors: []cloud.Actor{{Principal: "user:eve@example.com"}},
	}
}

// of is a group of the first so many questions.
func of(n int) (g Group) {
	g = Group{ID: "g", Cause: Cause{Channel: "C01"}, Since: noon}
	for i := range n {
		g = g.with(question(i), noon)
	}
	return g
}

// drawnOf is a group of so many as it was drawn last, with nothing left to draw.
func drawnOf(n int) Group {
	g := of(n)
	var fs []finding.Finding
	for i := range n {
		fs = append(fs, question(i))
	}
	g = g.refreshed(fs, noon)
	return g.drawn([]finding.Surface{{Kind: "slack", Channel: "C01", ID: "1.1"}}, g.Changes, nil)
}

func TestADigestIsOfTheFindingsAndTheirPlansInAnyOrder(t *testing.T) {
	g := of(3)
	moved := g
	moved.Items = slices.Clone(g.Items)
	slices.Reverse(moved.Items)
	if moved.Digest() != g.Digest() {
		t.Error("another order is another digest")
	}
	shown := g.refreshed([]finding.Finding{question(0)}, noon)
	if shown.Digest() != g.Digest() {
		t.Error("showing a finding makes another digest")
	}
	for name, change := range map[string]func(*Group){
		"one more":          func(g *Group) { *g = g.with(question(3), noon) },
		"one fewer":         func(g *Group) { g.Items = g.Items[:2] },
		"another plan":      func(g *Group) { g.Items[1].Digest = "another" },
		"another finding":   func(g *Group) { g.Items[1].Finding = "another" },
		"two plans swapped": func(g *Group) { g.Items[0].Digest, g.Items[1].Digest = g.Items[1].Digest, g.Items[0].Digest },
	} {
		other := g
		other.Items = slices.Clone(g.Items)
		if change(&other); other.Digest() == g.Digest() {
			t.Errorf("%s, and the digest is the same", name)
		}
	}
}

func TestOneMoreFindingMakesAListThatNobodyAnswered(t *testing.T) {
	g := of(2)
	g.Answers = []finding.Answer{{Choice: finding.ChooseKeep, Principal: ada}}
	was := len(g.Timeline)
	next := g.with(question(2), noon)
	if next.Revision != g.Revision+1 || next.Changes <= g.Changes || next.Answers != nil || len(next.Items) != 3 {
		t.Errorf("revision %d, %d changes, answers %v", next.Revision, next.Changes, next.Answers)
	}
	if len(next.Timeline) != was+1 || !strings.Contains(next.Timeline[was].What, "no longer count") {
		t.Errorf("its thread tells %+v", next.Timeline[was:])
	}
	if len(g.Items) != 2 || len(g.Answers) != 1 {
		t.Error("the list before was changed")
	}
}

func TestASecondFindingTakesTheMessageOfTheFirstOver(t *testing.T) {
	g := of(1)
	g.Surfaces = []finding.Surface{{Kind: "slack", Channel: "C01", ID: "1.1", Rendered: 4, Told: 2}}
	own := g.Surfaces
	g = g.with(question(1), noon)
	if s := g.Surfaces[0]; s.Rendered != 0 || s.Told != 0 || s.ID != "1.1" || own[0].Rendered != 4 {
		t.Errorf("it is drawn anew at %+v, and was at %+v", s, own[0])
	}
	if n := len(g.Timeline); n != 1 || !strings.Contains(g.Timeline[0].What, "this message is about both") {
		t.Errorf("its thread tells %+v", g.Timeline)
	}
}

func TestAGroupHasRoomWhileItAsksAndIsNotTooLong(t *testing.T) {
	answered := of(2)
	for i := range answered.Items {
		answered.Items[i].State = state.Kept
	}
	critical, report := question(9), question(9)
	critical.Severity, report.State = policies.Critical, state.Reported
	spokenFor := of(1)
	spokenFor.Medium = ByRoundup
	for _, tt := range []struct {
		name string
		g    Group
		f    finding.Finding
		want bool
	}{
		{"a question, beside one", of(1), question(9), true},
		{"a question, beside none that waits", answered, question(9), false},
		{"a report, beside none that waits", answered, report, true},
		{"the last that there is room for", of(maxGroup - 1), question(999), true},
		{"one too many", of(maxGroup), question(999), false},
		{"a critical one, where a roundup speaks", spokenFor, critical, false},
		{"any other, where a roundup speaks", spokenFor, question(9), true},
	} {
		if got := tt.g.hasRoomFor(tt.f); got != tt.want {
			t.Errorf("%s: room %t", tt.name, got)
		}
	}
}

func TestAGroupTakesOverWhatItsFindingsHaveComeTo(t *testing.T) {
	g := drawnOf(7)
	var fs []finding.Finding
	for i := range 7 {
		f := question(i)
		f.Revision, f.State = 2, state.Reverted
		f.Timeline = append(f.Timeline, trail.Event{State: state.Reverted})
		fs = append(fs, f)
	}
	next := g.refreshed(append(fs, question(99)), noon)
	if n := next.Count(state.Reverted); n != 7 || next.Changes != g.Changes+7 || g.Count(state.Reverted) != 0 {
		t.Errorf("%d reverted, %d changes; the one before has %d", n, next.Changes-g.Changes, g.Count(state.Reverted))
	}
	line := next.Timeline[len(next.Timeline)-1]
	if len(next.Timeline) != len(g.Timeline)+1 || line.State != state.Reverted || line.What != "f0, f1, f2, f3, f4 and 2 more" {
		t.Errorf("its thread tells %+v, want one line that names five", line)
	}
	again := next.refreshed(fs, noon)
	if d := cmp.Diff(next, again); d != "" {
		t.Errorf("the same once more (-once +twice):\n%s", d)
	}
	if late := next.refreshed([]finding.Finding{question(0)}, noon); late.Count(state.Reverted) != 7 {
		t.Error("what was looked up earlier takes the place of what is newer")
	}
	alone := drawnOf(1).refreshed(fs[:1], noon)
	if len(alone.Timeline) != 0 || alone.Items[0].State != state.Reverted {
		t.Errorf("a group of one tells %+v, which is in the finding's own thread", alone.Timeline)
	}
}

func TestAFewAreNamedAndTheOthersCounted(t *testing.T) {
	for n, want := range map[int]string{1: "f0", 5: "f0, f1, f2, f3, f4", 6: "f0, f1, f2, f3, f4 and 1 more"} {
		var ids []string
		for i := range n {
			ids = append(ids, question(i).ID)
		}
		if got := Few(ids); got != want {
			t.Errorf("of %d it says %q, want %q", n, got, want)
		}
	}
	g := drawnOf(2)
	f := question(1)
	f.Revision, f.State = 2, state.Kept
	if line := g.refreshed([]finding.Finding{f}, noon).Timeline; len(line) != len(g.Timeline)+1 {
		t.Errorf("of two findings its thread tells %+v", line)
	}
}

func TestAFindingIsShownInTheMessageOfItsGroupAsTheMessageHasIt(t *testing.T) {
	g := drawnOf(3)
	for i := range g.Items {
		g.Items[i].Seen, g.Items[i].Told = int64(10+i), 20+i
	}
	for i := range 3 {
		if s := g.surfacesOf(question(i)); len(s) != 1 || s[0].ID != "1.1" || s[0].Rendered != int64(10+i) || s[0].Told != 20+i {
			t.Errorf("finding %d is shown at %+v", i, s)
		}
	}
	if s := g.surfacesOf(question(9)); s[0].Rendered != 0 || s[0].Told != 0 {
		t.Errorf("one that is not in it is shown at %+v", s)
	}
	alone := drawnOf(1)
	alone.Surfaces[0].Rendered = 4
	if s := alone.surfacesOf(question(0)); s[0].Rendered != 4 {
		t.Errorf("a message of its own is shown at %+v, want as it was drawn", s)
	}
	if pair := drawnOf(2); pair.surfacesOf(question(1))[0].Rendered != 1 {
		t.Errorf("one of two is shown at %+v", pair.surfacesOf(question(1)))
	}
}

func TestAMessageIsCurrentUntilThereIsMoreToSeeOfAFinding(t *testing.T) {
	g := drawnOf(2)
	if !g.isCurrentFor(question(0)) {
		t.Fatal("it was drawn, and is not current")
	}
	for name, change := range map[string]func(*Group, *finding.Finding){
		"it has another state":     func(_ *Group, f *finding.Finding) { f.State = state.Kept },
		"something happened":       func(_ *Group, f *finding.Finding) { f.Timeline = append(f.Timeline, trail.Event{}) },
		"it was undone":            func(_ *Group, f *finding.Finding) { f.UndoneBy = "u" },
		"it is not in it":          func(_ *Group, f *finding.Finding) { f.ID = "f9" },
		"another has news":         func(g *Group, _ *finding.Finding) { g.Changes++ },
		"the message is not there": func(g *Group, _ *finding.Finding) { g.Surfaces = nil },
		"it was never drawn":       func(g *Group, _ *finding.Finding) { g.Items = of(2).Items },
	} {
		g, f := drawnOf(2), question(0)
		if change(&g, &f); g.isCurrentFor(f) {
			t.Errorf("%s, and it is current", name)
		}
	}
	later := question(0)
	if later.Revision = 9; !g.isCurrentFor(later) {
		t.Error("a revision alone, as one that waits for its turn makes, is news")
	}
}

func TestADrawingThatFailsOrIsOldLeavesTheMessageToBeDrawn(t *testing.T) {
	at := []finding.Surface{{ID: "1.1"}}
	g := of(2)
	g.DrawnBy = noon.Add(time.Minute)
	failed := g.drawn(at, g.Changes, errors.New("down"))
	if failed.Drawn == g.Changes || len(failed.Surfaces) != 1 || failed.free(noon) != nil {
		t.Errorf("drawn %d of %d at %v, free: %v", failed.Drawn, g.Changes, failed.Surfaces, failed.free(noon))
	}
	if got := g.drawn(at, g.Changes, nil); got.Drawn != g.Changes {
		t.Errorf("drawn %d of %d", got.Drawn, g.Changes)
	}
	ahead := g
	ahead.Drawn = g.Changes
	if got := ahead.drawn(at, g.Changes-1, nil); got.Drawn != g.Changes {
		t.Error("an old drawing makes the newest count as not drawn")
	}
	var busy *fault.BusyError
	if !errors.As(g.free(noon), &busy) || g.free(noon.Add(time.Minute)) != nil {
		t.Errorf("free %v, and after a minute %v", g.free(noon), g.free(noon.Add(time.Minute)))
	}
}

func TestAnAnswerIsOnTheListThatItsCardShowed(t *testing.T) {
	g := of(2)
	revert := finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Revision: g.Revision, Digest: g.Digest()[:8]}
	agreed := func(g Group) Group {
		g.Agreed = &Agreement{Choice: finding.ChooseKeep, Answers: []finding.Answer{{Choice: finding.ChooseKeep, Principal: bob}}}
		return g
	}
	for _, tt := range []struct {
		name   string
		g      Group
		change func(*finding.Answer)
		want   finding.RefusedClass
	}{
		{"a revert of all", g, func(*finding.Answer) {}, ""},
		{"a keep of all", g, func(a *finding.Answer) { a.Choice = finding.ChooseKeep }, ""},
		{"with the whole digest", g, func(a *finding.Answer) { a.Digest = g.Digest() }, ""},
		{"with too little of it", g, func(a *finding.Answer) { a.Digest = g.Digest()[:7] }, finding.ClassStale},
		{"with none", g, func(a *finding.Answer) { a.Digest = "" }, finding.ClassStale},
		{"of a list since made longer", g.with(question(2), noon), func(*finding.Answer) {}, finding.ClassStale},
		{"of another list of that revision", g, func(a *finding.Answer) { a.Digest = of(1).Digest() }, finding.ClassStale},
		{"an exemption of all", g, func(a *finding.Answer) { a.Choice = finding.ChooseExempt }, finding.ClassInvalid},
		{"an undo of all", g, func(a *finding.Answer) { a.Choice = finding.ChooseUndo }, finding.ClassInvalid},
		{"once it was decided", agreed(g), func(*finding.Answer) {}, finding.ClassDecided},
		{"by whoever decided it, once more", agreed(g), func(a *finding.Answer) { a.Choice, a.Principal = finding.ChooseKeep, bob }, finding.ClassDuplicate},
	} {
		a := revert
		tt.change(&a)
		if err := tt.g.Admits(a); finding.ClassOf(err) != tt.want || (err == nil) != (tt.want == "") {
			t.Errorf("%s: %v, want class %q", tt.name, err, tt.want)
		}
	}
}
