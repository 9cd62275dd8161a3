package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func query(t *testing.T, s remediate.Store, q finding.Query) []finding.Finding {
	t.Helper()
	got, err := s.Findings(t.Context(), q)
	if err != nil {
		t.Fatalf("findings %+v: %v", q, err)
	}
	return got
}

func due(t *testing.T, s remediate.Store, at time.Time, limit int) []finding.Finding {
	t.Helper()
	got, err := s.Due(t.Context(), at, limit)
	if err != nil {
		t.Fatalf("due at %s: %v", at, err)
	}
	return got
}

// selects has four findings that each differ from the first in one field.
func selects(t *testing.T, s remediate.Store) {
	api := newFinding("api")
	job := newFinding("job")
	job.Resource = cloud.RunResource(cloud.RunJob, "pay-prod", "europe-west1", "nightly")
	kept := newFinding("kept")
	kept.State = state.Kept
	other := newFinding("other")
	other.Resource = cloud.ProjectResource("other-project")
	later := newFinding("later")
	later.Policy, later.CreatedAt = "no-default-service-account", noon.Add(time.Nanosecond)
	for _, f := range []finding.Finding{api, job, kept, other, later} {
		create(t, s, f)
	}
	for _, tc := range []struct {
		name string
		q    finding.Query
		want []string
	}{
		{"nothing asked: all", finding.Query{}, []string{"later", "api", "job", "kept", "other"}},
		{"one state", finding.Query{States: []state.State{state.Kept}}, []string{"kept"}},
		{"either of two states", finding.Query{States: []state.State{state.Kept, state.Pending}},
			[]string{"later", "api", "job", "kept", "other"}},
		{"a state that none is in", finding.Query{States: []state.State{state.Failed}}, nil},
		{"the policy", finding.Query{Policy: "no-default-service-account"}, []string{"later"}},
		{"the project", finding.Query{Project: "other-project"}, []string{"other"}},
		{"the resource", finding.Query{Resource: job.Resource}, []string{"job"}},
		{"a resource that has none", finding.Query{Resource: cloud.FolderResource("4001")}, nil},
		{"since, the instant itself included", finding.Query{Since: noon}, []string{"later", "api", "job", "kept", "other"}},
		{"since a nanosecond later", finding.Query{Since: noon.Add(time.Nanosecond)}, []string{"later"}},
		{"since after the last", finding.Query{Since: noon.Add(time.Hour)}, nil},
		{"until, the instant itself left out", finding.Query{Until: noon.Add(time.Nanosecond)}, []string{"api", "job", "kept", "other"}},
		{"until before the first", finding.Query{Until: noon}, nil},
		{"after a place in the list", finding.Query{After: job.Position()}, []string{"kept", "other"}},
		{"after a place where nothing stands", finding.Query{After: finding.Position{CreatedAt: noon, ID: "jz"}}, []string{"kept", "other"}},
		{"after the last", finding.Query{After: other.Position()}, nil},
		{"the policy in the project", finding.Query{Policy: "no-public-invoker", Project: "pay-prod", Limit: 2}, []string{"api", "job"}},
		{"the policy on the resource", finding.Query{Policy: "no-default-service-account", Resource: api.Resource}, []string{"later"}},
		{"a resource of another project", finding.Query{Project: "other-project", Resource: api.Resource}, nil},
		{"all fields together", finding.Query{States: []state.State{state.Pending}, Policy: "no-public-invoker",
			Project: "pay-prod", Resource: api.Resource, Since: noon, Until: noon.Add(time.Hour), After: later.Position(), Limit: 5}, []string{"api"}},
		{"the resource, since later", finding.Query{Resource: api.Resource, Since: noon.Add(1)}, []string{"later"}},
	} {
		wantIDs(t, tc.name, query(t, s, tc.q), tc.want...)
	}
}

func selectsUpdated(t *testing.T, s remediate.Store) {
	f := create(t, s, newFinding("f1"))
	f.State, f.CreatedAt = state.Kept, noon.Add(time.Hour)
	f.Resource = cloud.FolderResource("4001")
	f = update(t, s, f)
	wantSame(t, "all", query(t, s, finding.Query{}), []finding.Finding{f})
	wantSame(t, "of the new resource", query(t, s, finding.Query{Resource: f.Resource}), []finding.Finding{f})
	wantIDs(t, "of the old resource", query(t, s, finding.Query{Resource: newFinding("").Resource}))
	wantIDs(t, "in the old state", query(t, s, finding.Query{States: []state.State{state.Pending}}))
}

func ordersNewestFirst(t *testing.T, s remediate.Store) {
	at := map[string]time.Time{
		"b-noon": noon, "a-noon": noon, "nanosecond-later": noon.Add(1), "nanosecond-earlier": noon.Add(-1),
		"year-1": {}, "before-1970": time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC),
		"same-hour-elsewhere": time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), // an hour after noon in CET
	}
	for id, created := range at {
		f := newFinding(id)
		f.CreatedAt = created
		create(t, s, f)
	}
	want := []string{"same-hour-elsewhere", "nanosecond-later", "a-noon", "b-noon", "nanosecond-earlier", "before-1970", "year-1"}
	wantIDs(t, "all", query(t, s, finding.Query{}), want...)
	wantIDs(t, "of one resource", query(t, s, finding.Query{Resource: newFinding("").Resource}), want...)
}

func limits(t *testing.T, s remediate.Store) {
	for i, id := range []string{"1st", "2nd", "3rd"} {
		f := newFinding(id)
		f.CreatedAt = noon.Add(time.Duration(i) * time.Second)
		f.DueAt = f.CreatedAt
		create(t, s, f)
	}
	wantIDs(t, "two newest", query(t, s, finding.Query{Limit: 2}), "3rd", "2nd")
	wantIDs(t, "limit over what there is", query(t, s, finding.Query{Limit: 9}), "3rd", "2nd", "1st")
	wantIDs(t, "the limit counts what matches", query(t, s, finding.Query{Limit: 1, Project: "pay-prod"}), "3rd")
	wantIDs(t, "two due first", due(t, s, noon.Add(time.Hour), 2), "1st", "2nd")
	wantIDs(t, "due without a limit", due(t, s, noon.Add(time.Hour), 0), "1st", "2nd", "3rd")
}

// pages reads a list in pieces: each finding comes once, in order, also where
// many have one instant and more come meanwhile.
func pages(t *testing.T, s remediate.Store) {
	for i := range 10 {
		f := newFinding(fmt.Sprint("f", i))
		f.CreatedAt = noon.Add(time.Duration(i/4) * time.Second)
		f.State = []state.State{state.Pending, state.Kept, state.Failed}[i%3]
		create(t, s, f)
	}
	newest := noon.Add(time.Hour)
	for name, q := range map[string]finding.Query{
		"all":              {},
		"of two states":    {States: []state.State{state.Pending, state.Kept}},
		"of one resource":  {Resource: newFinding("").Resource},
		"of a time":        {Since: noon.Add(time.Second), Until: noon.Add(2 * time.Second)},
		"of no such state": {States: []state.State{state.Undone}},
	} {
		want := query(t, s, q)
		var got []finding.Finding
		for q.Limit = 3; ; q.After = got[len(got)-1].Position() {
			page := query(t, s, q)
			got = append(got, page...)
			if len(page) < q.Limit {
				break
			}
			if len(got) == 3 { // newer than what was listed
				f := newFinding("new " + name)
				newest = newest.Add(time.Second)
				f.CreatedAt = newest
				create(t, s, f)
			}
		}
		wantSame(t, name, got, want)
	}
}

func listsAfter(t *testing.T, s remediate.Store) {
	for id, at := range map[string]time.Time{"new": noon.Add(1), "a-noon": noon, "b-noon": noon, "old": noon.Add(-1), "oldest": noon.Add(-time.Hour)} {
		f := newFinding(id)
		f.CreatedAt = at
		create(t, s, f)
	}
	kept := newFinding("kept")
	kept.State = state.Kept
	create(t, s, kept)
	after := func(at time.Time, id string) finding.Position { return finding.Position{CreatedAt: at, ID: id} }
	resource := newFinding("").Resource
	for _, tc := range []struct {
		name string
		q    finding.Query
		want []string
	}{
		{"after one of three of a moment", finding.Query{After: after(noon, "a-noon")}, []string{"b-noon", "kept", "old", "oldest"}},
		{"a moment without a finding named", finding.Query{After: after(noon, "")}, []string{"a-noon", "b-noon", "kept", "old", "oldest"}},
		{"after a finding that is gone", finding.Query{After: after(noon, "azzz")}, []string{"b-noon", "kept", "old", "oldest"}},
		{"the moment in another zone", finding.Query{After: after(noon.UTC(), "kept")}, []string{"old", "oldest"}},
		{"after the last", finding.Query{After: after(noon.Add(-time.Hour), "oldest")}, nil},
		{"with a limit", finding.Query{After: after(noon, "a-noon"), Limit: 2}, []string{"b-noon", "kept"}},
		{"with a state", finding.Query{After: after(noon, "a-noon"), States: []state.State{state.Pending}, Limit: 2}, []string{"b-noon", "old"}},
		{"of a resource, and since", finding.Query{After: after(noon, "kept"), Resource: resource, Since: noon.Add(-1)}, []string{"old"}},
	} {
		wantIDs(t, tc.name, query(t, s, tc.q), tc.want...)
	}
}

func listsDue(t *testing.T, s remediate.Store) {
	for id, at := range map[string]time.Time{
		"never": {}, "b-now": noon, "a-now": noon.UTC(), "long ago": noon.Add(-time.Hour),
		"just before": noon.Add(-1), "just after": noon.Add(1),
	} {
		f := newFinding(id)
		f.DueAt = at
		create(t, s, f)
	}
	wantIDs(t, "due at noon", due(t, s, noon, 0), "long ago", "just before", "a-now", "b-now")
	wantIDs(t, "due long before", due(t, s, noon.Add(-24*time.Hour), 0))
}

func moveDue(t *testing.T, s remediate.Store) {
	f := newFinding("f1")
	f.DueAt = noon
	f = create(t, s, f)
	f.DueAt = noon.Add(time.Hour)
	f = update(t, s, f)
	wantIDs(t, "due at noon, after it was put off", due(t, s, noon, 0))
	wantSame(t, "due an hour later", due(t, s, noon.Add(time.Hour), 0), []finding.Finding{f})
	f.DueAt = time.Time{}
	update(t, s, f)
	wantIDs(t, "due once it never is", due(t, s, noon.Add(24*time.Hour), 0))
}
