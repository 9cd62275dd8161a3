package report

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rescind-dev/rescind/internal/replay"
)

// sarifSchema is OASIS's own, as the linter's module carries it for its tests: it is not
// ours to keep here.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/securego/gosec/v2")
	cmd.Dir = "../../../tools"
	dir, err := cmd.Output()
	path := filepath.Join(strings.TrimSpace(string(dir)), "report/sarif/testdata/sarif-schema-2.1.0.json")
	if _, there := os.Stat(path); err != nil || there != nil {
		t.Skip("the schema comes with the linter, which is not downloaded: go -C tools mod download")
	}
	schema, err := jsonschema.NewCompiler().Compile(path)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// With and without findings, with what could not be read, and whatever strangers wrote.
func TestSARIFIsValidByItsSchema(t *testing.T) {
	schema := sarifSchema(t)
	stopped := invented(1)
	stopped.Summary.Stopped = "it was stopped"
	for name, r := range map[string]replay.Report{
		"none": invented(0), "one": invented(1), "many": invented(300), "strange": strange(), "nothing read": {}, "stopped": stopped,
	} {
		text := writtenAs(t, "sarif", r, Options{Limits: limits, Version: "v1"})
		log, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(log); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var read sarifLog
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Fatal(err)
		}
		if got := len(read.Runs[0].Results); got != len(r.Findings) {
			t.Errorf("%s: %d results for %d findings", name, got, len(r.Findings))
		}
		for i, result := range read.Runs[0].Results {
			if id := read.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID; id != result.RuleID || id != r.Findings[i].Policy {
				t.Errorf("%s: result %d is of rule %s and %s, want %s", name, i, result.RuleID, id, r.Findings[i].Policy)
			}
		}
	}
}

// The schema is one that can say no.
func TestTheSchemaOfSARIFRefusesWhatIsNone(t *testing.T) {
	if sarifSchema(t).Validate(map[string]any{"version": "2.1.0", "runs": []any{map[string]any{"results": []any{}}}}) == nil {
		t.Error("a run without a tool is valid")
	}
}
