package cloud

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSharesAreOfRevisionsThatGetSomething(t *testing.T) {
	got := SharesOf([]TrafficTarget{
		{Revision: "a", Percent: 40}, {Percent: 10}, {Revision: "a", Percent: 50, Tag: "x"},
		{Revision: "b", Tag: "y"}, {Revision: "b", Tag: "y"}, {Revision: "c"},
	})
	want := []Share{{Revision: "a", Percent: 90, Tags: []string{"x"}}, {Percent: 10}, {Revision: "b", Tags: []string{"y"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i, text := range []string{"revision a (90 %, tag x)", "the newest revision (10 %)", "revision b (tag y)"} {
		if got[i].String() != text {
			t.Errorf("%q, want %q", got[i], text)
		}
	}
}

func TestSharesAreTheSameInAnyOrderAndWhateverIsKnownOfThem(t *testing.T) {
	a := []Share{{Revision: "a", Percent: 60, Tags: []string{"x", "y"}}, {Percent: 40}}
	b := []Share{{Percent: 40, Identity: KnownIdentity("a@b.c")}, {Revision: "a", Percent: 60, Tags: []string{"y", "x"}, Why: "?"}}
	if !SameShares(a, b) {
		t.Error("another order is another spread")
	}
	for _, other := range [][]Share{nil, b[:1], {{Percent: 60}, a[1]}, {{Revision: "a", Percent: 60, Tags: []string{"x"}}, a[1]}} {
		if SameShares(a, other) || SameShares(other, a) {
			t.Errorf("%v is taken for %v", other, a)
		}
	}
}

func TestTheNewestRevisionIsLeftToTheTemplateWhereThatIsKnown(t *testing.T) {
	all := []Share{{Percent: 50}, {Revision: "a", Percent: 50}}
	if got := Beside(all, Identity{Knowledge: Unchanged}); !cmp.Equal(all, got) {
		t.Errorf("%v", got)
	}
	for _, id := range []Identity{KnownIdentity("a@b.c"), {Knowledge: Unset}, {}} {
		if got := Beside(all, id); !cmp.Equal(all[1:], got) {
			t.Errorf("%v: %v", id, got)
		}
	}
}
