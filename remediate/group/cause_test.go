package group

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestFindingsOfOneCauseComeToOneGroupAndOthersToAnother(t *testing.T) {
	at := causeOf(question(0), "C01")
	id := at.group(noon, 0)
	if id != causeOf(question(1), "C01").group(noon.In(time.FixedZone("east", 3600)), 0) || len(id) != 26 {
		t.Errorf("another finding of the cause comes to another group than %s", id)
	}
	other := map[string]func(*finding.Finding){
		"another actor":   func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: "user:al@example.com"}} },
		"another policy":  func(f *finding.Finding) { f.Policy = "other" },
		"another project": func(f *finding.Finding) { f.Resource.Project = "shop" },
		"a folder":        func(f *finding.Finding) { f.Resource = cloud.FolderResource("12") },
		"a limit":         func(f *finding.Finding) { f.Limit = "total" },
	}
	ids := map[string]string{id: "the cause", at.group(noon.Add(time.Minute), 0): "a minute later", at.group(noon, 1): "a second message",
		causeOf(question(0), "C02").group(noon, 0): "another channel"}
	for name, change := range other {
		f := question(0)
		change(&f)
		got := causeOf(f, "C01").group(noon, 0)
		if ids[got] != "" {
			t.Errorf("%s comes to the group of %s", name, ids[got])
		}
		ids[got] = name
	}
	if len(ids) != len(other)+4 {
		t.Errorf("%d groups: %v", len(ids), ids)
	}
}

// A name that ends where the next begins must not read as another pair of names.
func TestNoTwoCausesAreWrittenAlike(t *testing.T) {
	a := Cause{Channel: "C01", Actor: "ab", Policy: "c"}
	b := Cause{Channel: "C01", Actor: "a", Policy: "bc"}
	if a.group(noon, 0) == b.group(noon, 0) {
		t.Error("two causes have one group")
	}
}

func TestWhatALimitHeldUpIsOfOneCauseWhoeverMadeIt(t *testing.T) {
	a, b := question(0), question(1)
	a.Limit, b.Limit = "total", "total"
	b.Policy, b.Actors, b.Resource.Project = "other", nil, "shop"
	ca, cb := causeOf(a, "C01"), causeOf(b, "C01")
	if ca != cb || ca.window() != time.Hour || causeOf(question(0), "C01").window() != time.Minute {
		t.Errorf("causes %+v and %+v, windows %s and %s", ca, cb, ca.window(), causeOf(question(0), "C01").window())
	}
}

func TestTheFirstActorIsTheCauseAndTheChangesOwnWhereThereIsNone(t *testing.T) {
	f := question(0)
	f.Change.Actor.Principal = "user:first@example.com"
	f.Actors = append(f.Actors, cloud.Actor{Principal: "user:al@example.com"})
	if got := causeOf(f, "C01").Actor; got != "user:eve@example.com" {
		t.Errorf("of two actors the cause has %s", got)
	}
	if f.Actors = nil; causeOf(f, "C01").Actor != "user:first@example.com" {
		t.Errorf("without any it has %s", causeOf(f, "C01").Actor)
	}
}

func TestWhatHasAMessageOfItsOwnSharesNone(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*finding.Finding)
		want   bool
	}{
		"a new one":          {func(*finding.Finding) {}, true},
		"one with a message": {func(f *finding.Finding) { f.Surfaces = []finding.Surface{{ID: "1.1"}} }, false},
		"one in a group":     {func(f *finding.Finding) { f.Group, f.Surfaces = "g", []finding.Surface{{ID: "1.1"}} }, true},
		"an undo":            {func(f *finding.Finding) { f.UndoOf = "f0" }, false},
	} {
		f := question(0)
		tt.change(&f)
		if got := groups(f); got != tt.want {
			t.Errorf("%s shares a message: %t", name, got)
		}
	}
}
