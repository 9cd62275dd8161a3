package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/owed"
)

func owe(t *testing.T, s remediate.Store, cs ...owed.Change) {
	t.Helper()
	for _, c := range cs {
		if added, err := s.Owe(t.Context(), c); err != nil || !added {
			t.Fatalf("owe %s: %t, %v", c.ID, added, err)
		}
	}
}

func listOwed(t *testing.T, s remediate.Store, q owed.Query) []owed.Change {
	t.Helper()
	got, err := s.Owed(t.Context(), q)
	if err != nil {
		t.Fatalf("owed %+v: %v", q, err)
	}
	return got
}

func wantOwed(t *testing.T, s remediate.Store, q owed.Query, want ...string) {
	t.Helper()
	var ids []string
	for _, c := range listOwed(t, s, q) {
		ids = append(ids, c.ID)
	}
	wantSame(t, fmt.Sprintf("owed %+v", q), ids, want)
}

func wantCount(t *testing.T, s remediate.Store, want int) {
	t.Helper()
	if n, err := s.CountOwed(t.Context(), ""); n != want || err != nil {
		t.Errorf("count: %d, %v, want %d", n, err, want)
	}
}

func owedOf(id, project string, late time.Duration) owed.Change {
	r := cloud.RunResource(cloud.RunService, project, "europe-west1", "api")
	return owed.Change{ID: id, Place: owed.PlaceOf(r), Change: cloud.Change{ID: "c " + id, Resource: r}, Since: noon.Add(late)}
}

// keepsOwed has every field set, found by reflection.
func keepsOwed(t *testing.T, s remediate.Store) {
	var want owed.Change
	if err := new(filler).fill(reflect.ValueOf(&want).Elem()); err != nil {
		t.Fatal(err)
	}
	wantCount(t, s, 0)
	owe(t, s, want)
	again := want
	again.Why = "another reason"
	if added, err := s.Owe(t.Context(), again); added || err != nil {
		t.Errorf("owed again: %t, %v", added, err)
	}
	wantCount(t, s, 1)
	wantSame(t, "owed", listOwed(t, s, owed.Query{}), []owed.Change{want})
	for _, c := range []owed.Change{{Place: want.Place}, {ID: "x"}} {
		if _, err := s.Owe(t.Context(), c); err == nil {
			t.Errorf("owed %+v", c)
		}
	}
	if _, err := s.Owe(cancelled(t), owedOf("b", "p", 0)); err == nil {
		t.Error("owed with a cancelled context")
	}
	for range 2 {
		if err := s.Settle(t.Context(), want.ID); err != nil {
			t.Errorf("settle: %v", err)
		}
		wantCount(t, s, 0)
	}
	wantOwed(t, s, owed.Query{})
}

func listsOwed(t *testing.T, s remediate.Store) {
	a, b, c, other := owedOf("a", "p", time.Minute), owedOf("b", "p", 0), owedOf("c", "p", 0), owedOf("d", "q", 0)
	c.Since = c.Since.Add(time.Nanosecond)
	owe(t, s, c, other, b, a)
	for _, tc := range []struct {
		q    owed.Query
		want []string
	}{
		{owed.Query{}, []string{"b", "d", "c", "a"}},
		{owed.Query{Limit: 3}, []string{"b", "d", "c"}},
		{owed.Query{After: other.Position(), Limit: 1}, []string{"c"}},
		{owed.Query{Place: a.Place}, []string{"b", "c", "a"}},
		{owed.Query{Place: a.Place, Limit: 1}, []string{"b"}},
		{owed.Query{Place: a.Place, After: b.Position()}, []string{"c", "a"}},
		{owed.Query{Place: a.Place, After: other.Position(), Limit: 1}, []string{"c"}},
		{owed.Query{Place: a.Place, After: a.Position()}, nil},
		{owed.Query{Place: "projects/none"}, nil},
	} {
		wantOwed(t, s, tc.q, tc.want...)
	}
	for place, want := range map[string]int{"": 4, a.Place: 3, other.Place: 1, "projects/none": 0} {
		if n, err := s.CountOwed(t.Context(), place); n != want || err != nil {
			t.Errorf("%q owes %d, %v, want %d", place, n, err, want)
		}
	}
	if _, err := s.Owed(cancelled(t), owed.Query{}); err == nil {
		t.Error("listed with a cancelled context")
	}
}

func listsPlaces(t *testing.T, s remediate.Store) {
	var want []string
	for i := range 5 {
		c := owedOf(fmt.Sprint("a", i), fmt.Sprint("p", i), 0)
		again := c
		again.ID += " again"
		owe(t, s, c, again)
		want = append(want, c.Place)
	}
	long := owedOf("long", "pay-prod", 0)
	long.Place = "organizations/" + string(slices.Repeat([]byte("7"), 2000))
	owe(t, s, long)
	want = append(want, long.Place)
	for _, limit := range []int{1, 2, 5, 6, 100} {
		var got []string
		for after := ""; ; after = got[len(got)-1] {
			page, err := s.OwedPlaces(t.Context(), after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("places after %q, at most %d: %q, %v", after, limit, page, err)
			}
			if got = append(got, page...); len(page) < limit {
				break
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		wantSame(t, fmt.Sprintf("places, %d at a time", limit), got, want)
	}
	if _, err := s.OwedPlaces(cancelled(t), "", 1); err == nil {
		t.Error("listed with a cancelled context")
	}
}
