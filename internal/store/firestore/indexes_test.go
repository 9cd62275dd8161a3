package firestore_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

const indexFile = "../../../infra/firestore.indexes.json"

// indexes is the format of https://firebase.google.com/docs/reference/firestore/indexes.
type indexes struct {
	Indexes []struct {
		CollectionGroup string  `json:"collectionGroup"`
		QueryScope      string  `json:"queryScope"`
		Fields          []order `json:"fields"`
	} `json:"indexes"`
	FieldOverrides []struct {
		CollectionGroup string  `json:"collectionGroup"`
		FieldPath       string  `json:"fieldPath"`
		TTL             bool    `json:"ttl"`
		Indexes         []order `json:"indexes"`
	} `json:"fieldOverrides"`
}

type order struct {
	FieldPath string `json:"fieldPath"`
	Order     string `json:"order"`
}

func readIndexes(t *testing.T) (in indexes) {
	t.Helper()
	f, err := os.Open(indexFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		t.Fatal(err)
	}
	return in
}

// Firestore refuses a query without its index; the emulator does not. So what
// goes over the wire is compared with the file that the database is made from.
func TestEveryQueryHasItsIndexAndEveryIndexItsQuery(t *testing.T) {
	s, f := openFake(t)
	asked := map[string]bool{}
	note := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		asked[needed(t, <-f.queries)] = true
	}
	for _, q := range everyQuery() {
		_, err := s.Findings(t.Context(), q)
		note(err)
	}
	for _, limit := range []int{0, 10} {
		_, err := s.Due(t.Context(), noon, limit)
		note(err)
	}
	for _, q := range []owed.Query{{}, {Limit: 5}, {Place: "projects/p", Limit: 5}, {Place: "projects/p", After: owed.Position{Since: noon, ID: "o1"}}, {After: owed.Position{Since: noon, ID: "o1"}}} {
		_, err := s.Owed(t.Context(), q)
		note(err)
	}
	have := map[string]bool{}
	for _, index := range readIndexes(t).Indexes {
		if index.QueryScope != "COLLECTION" {
			t.Errorf("an index has scope %s, want COLLECTION", index.QueryScope)
		}
		have[index.CollectionGroup+": "+describe(index.Fields)] = true
	}
	if d := cmp.Diff(asked, have); d != "" {
		t.Errorf("indexes that queries need and that %s has (-need +has):\n%s", indexFile, d)
	}
}

// everyQuery has each combination of the filters, with and without a limit.
func everyQuery() []finding.Query {
	all := []finding.Query{{}}
	for _, set := range []func(*finding.Query){
		func(q *finding.Query) { q.States = []state.State{state.Pending, state.Kept} },
		func(q *finding.Query) { q.Policy = "no-public-invoker" },
		func(q *finding.Query) { q.Project = "pay-prod" },
		func(q *finding.Query) {
			q.Resource = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
		},
		func(q *finding.Query) { q.Since = time.Unix(0, 0) },
		func(q *finding.Query) { q.Until = time.Unix(1, 0) },
		func(q *finding.Query) { q.After = finding.Position{CreatedAt: time.Unix(0, 5), ID: "f1"} },
		func(q *finding.Query) { q.Limit = 10 },
	} {
		for _, q := range slices.Clone(all) {
			set(&q)
			all = append(all, q)
		}
	}
	return all
}

// needed describes the one composite index that serves the query: the fields
// that are compared for equality, then those that are sorted by,
// of which the first may be compared otherwise. Firestore can merge smaller
// indexes too, but does not promise when.
func needed(t *testing.T, q *pb.StructuredQuery) string {
	t.Helper()
	var fields, sorted []order
	for _, o := range q.GetOrderBy() {
		sorted = append(sorted, order{o.GetField().GetFieldPath(), o.GetDirection().String()})
	}
	for _, f := range filters(q.GetWhere()) {
		name := f.GetField().GetFieldPath()
		switch f.GetOp() {
		case pb.StructuredQuery_FieldFilter_EQUAL, pb.StructuredQuery_FieldFilter_IN:
			fields = append(fields, order{name, "ASCENDING"})
		default:
			if name != sorted[0].FieldPath {
				t.Errorf("%s is compared by %s, but not what is sorted by first", name, f.GetOp())
			}
		}
	}
	return q.GetFrom()[0].GetCollectionId() + ": " + describe(append(fields, sorted...))
}

func filters(where *pb.StructuredQuery_Filter) []*pb.StructuredQuery_FieldFilter {
	if f := where.GetFieldFilter(); f != nil {
		return []*pb.StructuredQuery_FieldFilter{f}
	}
	var all []*pb.StructuredQuery_FieldFilter
	for _, f := range where.GetCompositeFilter().GetFilters() {
		all = append(all, filters(f)...)
	}
	return all
}

func describe(fields []order) string {
	var words []string
	for _, f := range fields {
		words = append(words, f.FieldPath+" "+f.Order)
	}
	return strings.Join(words, ", ")
}

// An index on the record would keep the start of every record a second time;
// one on a time that only ever grows bounds how fast documents can be written.
func TestWhatNoQueryUsesIsNotIndexedAndWhatExpiresIsDeleted(t *testing.T) {
	got := map[string]bool{}
	for _, o := range readIndexes(t).FieldOverrides {
		if o.Indexes == nil || len(o.Indexes) > 0 {
			t.Errorf("%s.%s has indexes %v, want none", o.CollectionGroup, o.FieldPath, o.Indexes)
		}
		got[o.CollectionGroup+"."+o.FieldPath] = o.TTL
	}
	want := map[string]bool{
		"findings.layout": false, "findings.record": false, "findings.write": false, "findings.expire_at": true,
		"handled.layout": false, "handled.expire_at": true,
		"cells.layout": false, "cells.record": false, "cells.write": false, "cells.expire_at": true,
		"identities.layout": false, "identities.record": false, "identities.write": false,
		"owed.layout": false, "owed.record": false, "owed.place_name": false,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("field overrides (-want +got):\n%s", d)
	}
}
