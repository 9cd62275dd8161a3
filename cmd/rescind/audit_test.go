package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// audited is a bureau where something was decided, refused and paused.
func audited(t *testing.T) *bureau {
	t.Helper()
	b := newBureau(t, "ada@example.com")
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted))
	b.ran("findings revert", "--reason", "not ours", askedID)
	b.fails(exitFailed, "the finding is approved", "findings keep", "--reason", "too\x1b[2J late", askedID)
	b.ran("pause", "--reason", "a release")
	return b
}

func TestTheAuditTrailMergesFindingsAndLedger(t *testing.T) {
	b := audited(t)
	var lines []trail.Line
	if err := json.Unmarshal([]byte(b.ran("audit list", "--format", "json")), &lines); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, l := range lines {
		got = append(got, l.Kind+" "+l.Who)
		if i > 0 && l.At.Before(lines[i-1].At) {
			t.Errorf("line %d is before line %d", i+1, i)
		}
	}
	want := "pending , reverted , approved user:ada@example.com, refused user:ada@example.com, paused user:ada@example.com"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("listed\n%s\nwant\n%s", s, want)
	}
	for _, tt := range []struct {
		name string
		args []string
		want int // lines below the heading
	}{
		{"one finding and who was refused on it", []string{"--finding", askedID}, 3},
		{"what happened since the answer", []string{"--since", lines[2].At.Format(time.RFC3339Nano)}, 3},
		{"what happened before it", []string{"--until", lines[2].At.Format(time.RFC3339Nano)}, 2},
	} {
		out := b.ran("audit list", tt.args...)
		if n := strings.Count(out, "\n") - 1; n != tt.want || strings.ContainsRune(out, '\x1b') {
			t.Errorf("%s: %d lines, want %d:\n%s", tt.name, n, tt.want, out)
		}
	}
}

func TestI8VerifyNamesWhatIsBroken(t *testing.T) {
	b := audited(t)
	if out := b.ran("audit verify"); out != "3 events of 2 findings and 2 records of the ledger; 1 findings from before there were hashes\n"+
		"no root yet: what was taken out would not be missed; a sweep of rescind serve makes one\n" {
		t.Errorf("whole: %s", out)
	}
	b.tamper("approved by user:ada", "approved by user:eve")
	b.fallsThrough("the trail of finding "+askedID+" breaks at event 2", "audit verify")
	b.fallsThrough("the trail of finding "+askedID+" breaks at event 2", "audit verify", "--finding", askedID, "--format", "json")
	b.ran("audit verify", "--finding", revertedID)

	b = audited(t)
	var lines []trail.Line
	if err := json.Unmarshal([]byte(b.ran("audit list", "--format", "json")), &lines); err != nil {
		t.Fatal(err)
	}
	day := lines[3].Chain
	b.with(func(s *bolt.Store) {
		c, err := s.Cell(t.Context(), day+"/1")
		if err != nil {
			t.Fatal(err)
		}
		c.Value = bytes.Replace(c.Value, []byte("is approved"), []byte("is reported"), 1)
		if _, err := s.SetCell(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	})
	b.fallsThrough("the ledger of "+strings.TrimPrefix(day, "ledger/")+" breaks at record 1", "audit verify")
}

// fallsThrough checks that a command prints what it found and exits 1, saying so.
func (b *bureau) fallsThrough(says, command string, args ...string) {
	b.t.Helper()
	code, out, errs := b.run(command, args...)
	if code != exitFailed || out == "" || !strings.Contains(errs, says) {
		b.t.Errorf("%s %q: exit %d, stdout %q, stderr %q; want exit 1, saying %q", command, args, code, out, errs, says)
	}
}

func TestWrongUsageOfTheAuditCommands(t *testing.T) {
	b := newBureau(t, "")
	b.fails(exitUsage, "--since is not before", "audit list", "--since", "2026-11-02T00:00:00Z", "--until", "2026-11-01T00:00:00Z")
	b.fails(exitUsage, "--format", "audit verify", "--format", "csv")
	b.fails(exitUsage, "unexpected argument", "audit list", "x")
	b.fails(exitFailed, "not found", "audit verify", "--finding", askedID)
}

func TestTheSamplesOfTheAuditDocsWork(t *testing.T) {
	text, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	b := newBureau(t, "ada@example.com")
	b.keepDocumented()
	t.Chdir(filepath.Dir(b.config))
	copied := b.copyOf(textHandler)
	write(t, "stderr.log", copied)
	all := string(text) + auditListUsage + auditVerifyUsage + auditExportUsage + auditCommand().usage
	samples := regexp.MustCompile(`(?m)^ *(rescind (?:audit|findings) .*--config.*)$`).FindAllString(all, -1)
	if len(samples) < 6 {
		t.Fatalf("%d samples, want at least 6", len(samples))
	}
	for _, line := range samples {
		if strings.HasPrefix(line, "Usage") {
			continue
		}
		line, _, _ = strings.Cut(line, " > ")
		if code, _, stderr := runCommand(t, copied, shellWords(line)[1:]...); code != exitOK {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
}

func TestS17TheStartOfAProcessIsInTheLedgerWithWhatItRuns(t *testing.T) {
	b := newBureau(t, "")
	starts := func() []string {
		var lines []trail.Line
		if err := json.Unmarshal([]byte(b.ran("audit list", "--format", "json")), &lines); err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, l := range lines {
			if l.Kind == "started" && l.Who == "serviceAccount:rescind@ops.iam.gserviceaccount.com" && l.Via == "serve" {
				out = append(out, l.What)
			}
		}
		return out
	}
	b.served()
	b.served()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b.config, string(text)+"guardrails: {max_event_age: 10m}\n")
	b.served()
	got := starts()
	if len(got) != 3 || got[0] != got[1] || got[1] == got[2] || strings.Count(got[0], "sha256:") != 2 {
		t.Errorf("started %q; want the same twice, and then another configuration", got)
	}
}

// served starts a rescind that serves, and tells it to end at once.
func (b *bureau) served() {
	b.t.Helper()
	ctx, stop := context.WithCancel(b.t.Context())
	stop()
	env := environment{lookup: func(k string) (string, bool) { return "0", k == "PORT" }, stdout: io.Discard, stderr: io.Discard}
	if code := run(ctx, []string{"serve", "--config", b.config}, env); code != exitOK {
		b.t.Fatalf("serve: exit %d", code)
	}
}

func TestAProcessThatEndsLeavesNothingInNoRoot(t *testing.T) {
	b := newBureau(t, "")
	b.keep(newFinding(askedID, state.Pending))
	b.served()
	if out := b.ran("audit verify"); !strings.Contains(out, "1 roots cover ") || !strings.Contains(out, "; 0 events and 0 records are in none yet") {
		t.Errorf("after its end: %s", out)
	}
}
