package replay_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// all is one story with everything in it that an order could matter to.
func all() []object {
	without := func(e object, key string) object {
		e = with(e, nil)
		delete(e, key)
		return e
	}
	undated := func(e object) object { return without(e, "timestamp") }
	other := func(e object, project string) object {
		return with(e, object{"resource": object{"labels": object{"project_id": project, "location": "l"}}})
	}
	piece := func(e object, i int) object {
		return with(e, object{"split": object{"uid": "u", "index": i, "totalSplits": 2}})
	}
	return []object{
		deployed("d1", 1, "api", worker),
		deployed("d2", 2, "api", defaultAccount),
		deployed("d3", 2, "api", worker), // at the same time
		deployed("d4", 3, "fresh", ""),
		published("p1", 1, "api"),
		published("p2", 9, "api"),
		published("p2", 9, "api"), // delivered twice
		published("p2", 9, "web"), // under an ID that is taken
		without(published("", 9, "api"), "insertId"),
		without(published("", 9, "web"), "insertId"),
		undated(published("u1", 0, "api")),
		undated(published("u2", 0, "web")),
		undated(without(deployed("", 0, "api", defaultAccount), "insertId")),
		undated(without(deployed("", 0, "api", worker), "insertId")),
		constrained("c1", 5, "projects/pay", object{"enforce": false}),
		constrained("c2", 5, "projects/12", object{"enforce": true}), // at the same time
		constrained("c3", 7, "projects/pay", object{"allowAll": true}),
		editor("e1", 4, worker),
		editor("e2", 4, defaultAccount),
		editor("e3", 4, "nobody@pay.iam.gserviceaccount.com"),
		asked("o1", 6, "pool", worker), done("o2", 8, "pool", defaultAccount),
		asked("o3", 6, "twice", worker), asked("o4", 6, "twice", defaultAccount), // two first halves
		done("o5", 6, "lost", worker), done("o5", 6, "lost", defaultAccount), // two last ones of one ID
		asked("o6", 6, "denied", defaultAccount), failed(done("o7", 6, "denied", "")),
		piece(deployed("s1", 6, "big", defaultAccount), 0), piece(published("s2", 6, "big"), 1),
		other(deployed("n1", 6, "api", worker), "evil"), // claims the number of pay
		failed(published("f1", 6, "api")),
	}
}

// gist is a report without what depends on which input a record stands in.
func gist(r replay.Report) replay.Report {
	r.Summary.Inputs, r.Summary.Located, r.Summary.Timeless = 0, nil, nil
	return r
}

func TestTheOrderAndTheDivisionOfTheInputsChangeNothing(t *testing.T) {
	text := slices.Collect(strings.Lines(lines(t, all()...)))
	text = append(text, "broken\n", `{"logName":"x"`+"\n")
	want := gist(replayed(t, strings.Join(text, "")))
	if len(want.Findings) < 10 {
		t.Fatalf("too few findings to compare: %v", told(want))
	}
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		inputs := make([]string, 1+r.IntN(4))
		for _, i := range r.Perm(len(text)) {
			inputs[r.IntN(len(inputs))] += text[i]
		}
		if diff := cmp.Diff(want, gist(replayed(t, inputs...))); diff != "" {
			t.Fatalf("seed %d, %d inputs (-want +got):\n%s", seed, len(inputs), diff)
		}
	}
}

// Entries that have an ID: without one, two that look alike may be two.
func TestWhatOverlapsIsFoundOnce(t *testing.T) {
	entries := slices.DeleteFunc(all(), func(e object) bool { return e["insertId"] == nil || e["timestamp"] == nil })
	want := replayed(t, lines(t, entries...))
	for cut := range entries {
		got := replayed(t, lines(t, entries[:cut+1]...), lines(t, entries[cut/2:]...))
		if diff := cmp.Diff(want.Findings, got.Findings); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
		}
		// A failed call is counted as often as it is read; it changed nothing.
		if more := got.Summary.Duplicates - want.Summary.Duplicates; more != got.Summary.Changes-want.Summary.Changes {
			t.Errorf("cut at %d: %d more changes, of them %d read before", cut, got.Summary.Changes-want.Summary.Changes, more)
		}
	}
}

func TestFindingsStandInTheOrderInWhichThingsWereDone(t *testing.T) {
	got := told(replayed(t, lines(t, published("late", 9, "a"), published("early", 1, "b"), published("between", 5, "c"), published("b", 5, "d"))))
	want := []string{"early", "b", "between", "late"}
	for i, f := range got {
		if !strings.HasPrefix(f, want[i]+" ") {
			t.Errorf("finding %d is %s, want %s", i, f, want[i])
		}
	}
}

// What is asked of one change alone must not depend on when it is asked.
func TestWhatHasNoTimeIsJudgedAndToldWhereTimesAreAskedFor(t *testing.T) {
	undated := published("u", 0, "api")
	delete(undated, "timestamp")
	cfg := replay.Config{Facts: facts(t, hierarchy), Since: minute(5)}
	r := replayedBy(t, cfg, lines(t, undated, published("p", 1, "web")))
	if verdictOn(r, "u") != "violation" || r.Summary.Undated != 1 || r.Summary.Outside != 1 {
		t.Errorf("%+v, %d undated, %d outside", r.Findings, r.Summary.Undated, r.Summary.Outside)
	}
	if _, _, summary := written(t, r); !strings.Contains(summary, "1 change without any time") {
		t.Errorf("the summary is\n%s", summary)
	}
}

func TestOnlyTheTimeAskedForIsJudged(t *testing.T) {
	var entries []object
	for n := range 10 {
		entries = append(entries, published(fmt.Sprint(n), n, fmt.Sprint("api-", n)))
	}
	for _, tt := range []struct {
		name         string
		since, until int // minutes; -1 for no bound
		want         string
		outside      int
	}{
		{"everything", -1, -1, "0123456789", 0},
		{"from a time on, that time included", 3, -1, "3456789", 3},
		{"up to a time, that time left out", -1, 3, "012", 7},
		{"between", 4, 6, "45", 8},
		{"a time in which nothing was done", 20, 30, "", 10},
	} {
		cfg := replay.Config{Facts: facts(t, enforcedFacts)}
		if tt.since >= 0 {
			cfg.Since = minute(tt.since)
		}
		if tt.until >= 0 {
			cfg.Until = minute(tt.until)
		}
		r := replayedBy(t, cfg, lines(t, entries...))
		got := ""
		for _, f := range r.Findings {
			got += f.InsertID
		}
		if got != tt.want || r.Summary.Outside != tt.outside {
			t.Errorf("%s: found %q, %d outside; want %q and %d", tt.name, got, r.Summary.Outside, tt.want, tt.outside)
		}
	}
}
