package report

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// compared is a report of which one finding appears, one disappears, one has another
// decision, one another verdict and one another reason under the other policies.
func compared() replay.Report {
	r := invented(12)
	for i := range r.Findings {
		r.Findings[i].Verdict, r.Findings[i].Decision = policies.Violation, judge.Report
	}
	r.Compared = append([]replay.Finding{}, r.Findings...)
	r.Findings = r.Findings[1:]     // the first appears
	r.Compared = r.Compared[:11:11] // the last disappears
	r.Compared[3].Decision = judge.Revert
	r.Compared[4].Verdict = policies.Unknown
	r.Compared[5].Reasons = []string{"another"}
	return r
}

func TestAComparisonTellsInWhichOfFourWaysAFindingDiffers(t *testing.T) {
	var got []string
	for _, d := range Compare(compared()) {
		got = append(got, d.shown().InsertID+" "+d.Change)
	}
	want := []string{"id000003 changes decision", "id000004 changes decision", "id000005 changes reason", "id000011 disappears", "id000000 appears"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	same := invented(40)
	same.Compared = same.Findings
	if ds := Compare(same); len(ds) != 0 {
		t.Errorf("%d differences of a report from itself", len(ds))
	}
}

// Two findings that look alike are two: one that is gone is missed.
func TestFindingsThatLookAlikeAreToldByTheirNumber(t *testing.T) {
	r := invented(1)
	r.Compared = r.Findings
	r.Findings = append(r.Findings[:1:1], r.Findings[0])
	if ds := Compare(r); len(ds) != 1 || ds[0].Change != Disappears {
		t.Errorf("%+v, want one that disappears", ds)
	}
}

func compareAs(t *testing.T, format string, r replay.Report, o Options) string {
	t.Helper()
	var b strings.Builder
	if err := WriteComparison(&b, format, r, Compare(r), o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Each form of a report has a comparison, and each says what appears and what does not.
func TestEveryFormTellsWhatDiffers(t *testing.T) {
	for _, format := range Formats() {
		text := compareAs(t, format, compared(), Options{Limits: limits})
		want := []string{Appears, Disappears, ChangesDecision, ChangesReason}
		if format == "sarif" {
			want = append(want, `"baselineState":"new"`, `"baselineState":"absent"`, `"baselineState":"updated"`)
		}
		for _, s := range want {
			if !strings.Contains(text, s) {
				t.Errorf("%s lacks %q:\n%.2000s", format, s, text)
			}
		}
		if nothing := compareAs(t, format, replay.Report{Summary: replay.Summary{Records: 1, Unreadable: 1}}, Options{}); !strings.Contains(nothing, "nothing could be read") {
			t.Errorf("%s says %q where nothing could be read", format, nothing)
		}
	}
	if table := compareAs(t, "table", compared(), Options{Width: 80}); !strings.HasPrefix(table, "11 findings before, 11 after\nappears: 1, disappears: 1, changes decision: 2, changes reason: 1\n") || !strings.Contains(table, " report > revert ") {
		t.Errorf("the table is\n%s", table)
	}
	same := invented(4)
	same.Compared = same.Findings
	if table := compareAs(t, "table", same, Options{}); !strings.Contains(table, "4 findings before, 4 after\nno difference in what was read: 3 inputs, 1360 records") {
		t.Errorf("%q", table)
	}
}

func TestAComparisonAsSARIFIsValidByItsSchema(t *testing.T) {
	schema := sarifSchema(t)
	log, err := jsonschema.UnmarshalJSON(strings.NewReader(compareAs(t, "sarif", compared(), Options{})))
	if err == nil {
		err = schema.Validate(log)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestADifferenceIsALineOfJSONAndARowOfCSV(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(compareAs(t, "jsonl", compared(), Options{})), "\n")
	var first, last map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lines[4]), &last); err != nil || last["before"] != nil || last["change"] != Appears || first["before"] == nil || first["after"] == nil {
		t.Errorf("%v\n%v\n%v", first, last, err)
	}
	rows, err := csv.NewReader(strings.NewReader(compareAs(t, "csv", compared(), Options{}))).ReadAll()
	if err != nil || len(rows) != 6 || rows[0][0] != "change" || rows[1][1] != "report" || rows[5][1] != "" {
		t.Errorf("%v, %v", rows, err)
	}
}
