package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"
)

// One record that cannot be read hides no other: who looks is told of it, and sees the
// rest.
func TestARecordThatCannotBeReadHidesNoOther(t *testing.T) {
	b, _ := swept(t)
	b.keep(newFinding(reportedID, state.Reported))
	b.raw(func(r raw) {
		r.finding(reportedID, func(v map[string]any) { v["owed"] = "by a later release" })
		r.finding(exemptedID, func(v map[string]any) { v["state"] = "kept" })
	})
	const says = "finding " + reportedID + `: decode finding: a later release of rescind wrote it: it has the field "owed"`
	code, out, errs := b.run("findings list")
	if code != exitFailed || !strings.Contains(errs, says) || !strings.Contains(out, askedID) || !strings.Contains(out, exemptedID) {
		t.Errorf("findings list: exit %d, stderr %q, stdout:\n%s", code, errs, out)
	}
	code, _, errs = b.run("audit verify")
	for _, want := range []string{says, "finding " + exemptedID + " is kept, and its trail ends with exempted"} {
		if code != exitFailed || strings.Count(errs, want) != 1 {
			t.Errorf("audit verify: exit %d, stderr %q; want it once: %q", code, errs, want)
		}
	}
	if n := strings.Count(errs, reportedID); n != 1 {
		t.Errorf("audit verify names it %d times", n)
	}
}

func TestAnAuditListGoesOnPastWhatCannotBeRead(t *testing.T) {
	b, day := swept(t)
	b.keep(newFinding(reportedID, state.Reported))
	b.raw(func(r raw) {
		r.finding(reportedID, func(v map[string]any) { v["owed"] = "by a later release" })
		r.cell("ledger/"+day+"/2", func(v map[string]any) { v["owed"] = "by a later release" })
	})
	code, out, errs := b.run("audit list")
	for _, want := range []string{reportedID, "record 2 of the ledger of " + day} {
		if code != exitFailed || !strings.Contains(errs, want) {
			t.Errorf("exit %d, stderr %q; want it to name %s", code, errs, want)
		}
	}
	for _, want := range []string{askedID, exemptedID} {
		if !strings.Contains(out, want) {
			t.Errorf("it leaves out %s:\n%s", want, out)
		}
	}
}

// Whoever wants nothing exported must have to spoil all of it.
func TestAnExportHasAllThatCanBeReadAndSaysWhatCannot(t *testing.T) {
	b, day := swept(t)
	b.raw(func(r raw) {
		r.finding(exemptedID, func(v map[string]any) { v["owed"] = "by a later release" })
		r.cell("ledger/"+day+"/2", func(v map[string]any) { v["owed"] = "by a later release" })
	})
	code, out, errs := b.run("audit export")
	for _, want := range []string{"finding " + exemptedID, "record 2 of the ledger of " + day} {
		if code != exitFailed || !strings.Contains(errs, want) {
			t.Errorf("exit %d, stderr %q; want it to name %s", code, errs, want)
		}
	}
	for _, want := range []string{`"finding":"` + askedID, `"chain":"ledger/` + day, `{"end":`} {
		if !strings.Contains(out, want) {
			t.Errorf("it has no %s", want)
		}
	}
	file := filepath.Join(t.TempDir(), "excerpt")
	write(t, file, out)
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), []string{"audit", "verify", "--offline", file}, environment{
		lookup: func(string) (string, bool) { return "", false }, stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
	})
	if code != exitFailed || !strings.Contains(stderr.String(), exemptedID) {
		t.Errorf("offline: exit %d, stderr %q; want it to miss %s", code, &stderr, exemptedID)
	}
}
