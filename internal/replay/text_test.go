package replay

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay/forms"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// hostile is text that would clear a terminal, ring its bell, begin a line of
// its own and read backwards.
const hostile = "a\x1b[2J\x07\nb\r\u009b\u202ec\u2066d\u2028e"

func hostileFinding() Finding {
	return Finding{
		Policy: hostile, Verdict: "violation", Severity: "high", Decision: "ask", Actor: hostile, Method: hostile, InsertID: hostile,
		Resource: service(hostile), Reasons: []string{hostile},
		Plan: []Step{{Step: policies.RemoveGrants, Before: judge.StepState{Grants: []cloud.Grant{{Role: hostile, Member: hostile}}}}},
	}
}

func TestNoReportLetsControlCharactersThrough(t *testing.T) {
	s := newSummary(Inputs{Skipped: []string{hostile}, Refused: []Problem{{hostile, 0, hostile}}})
	s.UnknownMethods[hostile] = 1
	s.unreadable(hostile, 1, forms.ErrNone)
	s.found([]Finding{hostileFinding()})
	var table, objects, summary strings.Builder
	for _, err := range []error{
		WriteTable(&table, Report{Findings: []Finding{hostileFinding()}}), WriteJSONL(&objects, Report{Findings: []Finding{hostileFinding()}}), s.WriteText(&summary),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"table": table.String(), "jsonl": objects.String(), "summary": summary.String()} {
		if i := strings.IndexFunc(strings.ReplaceAll(text, "\n", ""), steers); i >= 0 {
			t.Errorf("the %s lets a control character through:\n%q", name, text)
		}
	}
	if n := strings.Count(table.String(), "\n"); n != 8 {
		t.Errorf("the table has %d lines, want 8: text began a line of its own:\n%s", n, table.String())
	}
	var back Finding
	if err := json.Unmarshal([]byte(objects.String()), &back); err != nil || back.Actor != hostile {
		t.Errorf("the object reads back as %q (%v), want %q", back.Actor, err, hostile)
	}
}

func TestWrap(t *testing.T) {
	got := wrap("one two  three-is-longer-than-the-width four", 9)
	if diff := cmp.Diff([]string{"one two", "three-is-longer-than-the-width", "four"}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
