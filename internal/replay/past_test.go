package replay

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/replay/forms"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// What an explanation of one change rests on must be what a replay found.
func TestPastJudgesAsRunDoes(t *testing.T) {
	set, err := policies.Load()
	if err != nil {
		t.Fatal(err)
	}
	in := func() Inputs { return FindInputs([]string{"../auditlog/testdata"}, nil) }
	report, err := Run(t.Context(), Config{Policies: set, Facts: sample(t)}, in())
	if err != nil {
		t.Fatal(err)
	}
	past, err := Read(t.Context(), sample(t), in(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range report.Findings {
		report.Findings[i].Ended = nil // which is of the whole history
	}
	var got []Finding
	for i, c := range past.Changes {
		if elsewhere := (judge.Judge{Policies: set}).Elsewhere(c); len(elsewhere) > 0 { // what it is judged as
			c = elsewhere[0]
		}
		for _, j := range past.Judge(t.Context(), set, i) {
			got = append(got, findingOf(c, j))
		}
	}
	if diff := cmp.Diff(report.Findings, got, cmpopts.EquateEmpty()); diff != "" || len(got) == 0 {
		t.Errorf("%d findings, -run +past:\n%s", len(got), diff)
	}
}

func TestReadShowsEachRecordAndWhatCameOfIt(t *testing.T) {
	const entry = `{"insertId":"a","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","timestamp":"2026-11-20T10:00:00Z",` +
		`"protoPayload":{"serviceName":"run.googleapis.com","methodName":"google.cloud.run.v1.Services.SetIamPolicy",` +
		`"resourceName":"projects/p/locations/l/services/s","response":{"bindings":[]}}}` + "\n"
	const other = `{"logName":"projects/p/logs/x","timestamp":"2026-11-20T10:00:00Z","protoPayload":{}}` + "\n"
	input := entry + entry + other + `{"a":1}` + "\n" + "oops\n"
	var got []Record
	past, err := Read(t.Context(), nil, FindInputs([]string{"-"}, strings.NewReader(input)), func(r Record) { got = append(got, r) })
	if err != nil || len(past.Changes) != 1 || len(past.Refused) > 0 {
		t.Fatalf("%d changes, refused %v, error %v", len(past.Changes), past.Refused, err)
	}
	for i, want := range []struct {
		insertID string
		err      error
	}{{"a", nil}, {"a", nil}, {"", auditlog.ErrNotChange}, {"", forms.ErrNone}, {"", auditlog.ErrUnreadable}} {
		if r := got[i]; r.Line != i+1 || r.Input != "-" || r.Change.InsertID != want.insertID || !errors.Is(r.Err, want.err) {
			t.Errorf("record %d: %s:%d, insertId %q, error %v; want %v", i+1, r.Input, r.Line, r.Change.InsertID, r.Err, want)
		}
	}
	if at := past.Moment(0); !at.Equal(past.Changes[0].Time) {
		t.Errorf("the moment of the change is %v", at)
	}
}

func TestPastKnowsProjectsByTheirNumbers(t *testing.T) {
	past, err := Read(t.Context(), sample(t), Inputs{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := past.ProjectID("264172533001"); got != "pay-prod" {
		t.Errorf("264172533001 is %q", got)
	}
	if got := past.ProjectID("1"); got != "1" {
		t.Errorf("1 is %q", got)
	}
	q := policies.Question{Kind: policies.Ancestors, Name: "projects/pay-prod"}
	if f := past.Fact(t.Context(), q, at(0)); !f.Known || len(f.List) != 2 {
		t.Errorf("ancestors: %+v", f)
	}
}
