package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestFindingsAreListedAndFiltered(t *testing.T) {
	b := newBureau(t, "")
	old := newFinding(reportedID, state.Reported)
	old.CreatedAt = old.CreatedAt.Add(-48 * time.Hour)
	old.Actors = []cloud.Actor{{Principal: "serviceAccount:ci@pay-prod.iam.gserviceaccount.com"}}
	old.Change.Actor.Principal = "user:evil\x1b[31m@example.com"
	old.Policy, old.Resource = "no-default-service-account", cloud.ProjectResource("other")
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted), old)
	day := time.Now().Add(-24 * time.Hour).UTC().Format(time.RFC3339)
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"all, newest first", nil, []string{askedID, revertedID, reportedID}},
		{"in a state", []string{"--state", "reverted"}, []string{revertedID}},
		{"in one of two states", []string{"--state", "reverted", "--state", "reported"}, []string{revertedID, reportedID}},
		{"with something to come", []string{"--state", "open"}, []string{askedID}},
		{"of a policy", []string{"--policy", "no-default-service-account"}, []string{reportedID}},
		{"in a project", []string{"--project", "pay-prod"}, []string{askedID, revertedID}},
		{"by a person", []string{"--actor", "JO@example.com"}, []string{askedID, revertedID}},
		{"by a principal", []string{"--actor", "serviceAccount:ci@pay-prod.iam.gserviceaccount.com"}, []string{reportedID}},
		{"older than a day", []string{"--older-than", "24h"}, []string{reportedID}},
		{"since yesterday", []string{"--since", day}, []string{askedID, revertedID}},
		{"until yesterday", []string{"--until", day}, []string{reportedID}},
		{"as many as there are", []string{"--limit", "3"}, []string{askedID, revertedID, reportedID}},
		{"none", []string{"--state", "failed"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.t = t
			lines := strings.Split(strings.TrimSpace(b.ran("findings list", tt.args...)), "\n")
			var got []string
			for _, l := range lines[1:] {
				got = append(got, strings.Fields(l)[0])
			}
			if !strings.HasPrefix(lines[0], "ID ") || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q below a heading", lines, tt.want)
			}
			var records []finding.Finding
			out := b.ran("findings list", append(tt.args, "--format", "json")...)
			if err := json.Unmarshal([]byte(out), &records); err != nil || records == nil || len(records) != len(tt.want) {
				t.Errorf("json: %v, %s; want a list of %d records", err, out, len(tt.want))
			}
			if strings.ContainsRune(out+strings.Join(lines, ""), '\x1b') {
				t.Error("an escape sequence reaches the terminal")
			}
		})
	}
}

func TestAListThatLeavesFindingsOutSaysSo(t *testing.T) {
	b := newBureau(t, "")
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted))
	code, out, said := b.run("findings list", "--limit", "1")
	if code != exitOK || !strings.Contains(out, askedID) || strings.Contains(out, revertedID) || !strings.HasPrefix(said, "rescind findings list: there are more than these 1;") {
		t.Errorf("exit %d, stdout %q, stderr %q; want the newest, and that there are more", code, out, said)
	}
}

func TestAListIsReadPageByPage(t *testing.T) {
	st, now := memory.New(), time.Now()
	for i := range 2*listPage + 10 {
		f := newFinding(fmt.Sprintf("f%04d", i), state.Reverted)
		f.CreatedAt = now.Add(-time.Duration(i) * time.Second)
		f.Actors = []cloud.Actor{{Principal: fmt.Sprintf("user:%d@example.com", i%100)}}
		if _, err := st.Create(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		o     findingFilter
		first string
		count int
		left  bool
	}{
		{"all", findingFilter{}, "f0000", 2*listPage + 10, false},
		{"more than a page, and there are more", findingFilter{limit: listPage + 1}, "f0000", listPage + 1, true},
		{"as many as there are", findingFilter{limit: 2*listPage + 10}, "f0000", 2*listPage + 10, false},
		{"an actor's, over all pages", findingFilter{limit: 20, actor: "7@example.com"}, "f0007", 11, false},
		{"an actor's first", findingFilter{limit: 5, actor: "7@example.com"}, "f0007", 5, true},
		{"the older ones, the second itself included", findingFilter{olderThan: 600 * time.Second}, "f0600", 2*listPage + 10 - 600, false},
	} {
		fs, left, err := tt.o.read(t.Context(), st, now)
		if err != nil || len(fs) != tt.count || fs[0].ID != tt.first || (left != "") != tt.left {
			t.Errorf("%s: %d findings, left out %q, %v; want %d", tt.name, len(fs), left, err, tt.count)
		}
	}
}

func TestWrongUsageOfTheFindingsCommands(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.fails(exitUsage, "want open or one of reported,", "findings list", "--state", "gone")
	b.fails(exitUsage, "--format", "findings list", "--format", "yaml")
	b.fails(exitUsage, "--since is not before", "findings list", "--since", "2026-11-02T00:00:00Z", "--until", "2026-11-01T00:00:00Z")
	b.fails(exitUsage, "no negative", "findings list", "--limit", "-1")
	b.fails(exitUsage, "unexpected argument", "findings list", "x")
	b.fails(exitUsage, "one finding's id", "findings show")
	b.fails(exitUsage, "--reason is missing", "findings keep", askedID)
	b.fails(exitUsage, "--reason is missing", "findings undo", askedID)
	b.fails(exitUsage, "--reason is missing", "findings exempt", "--for", "24h", askedID)
	b.fails(exitUsage, "--for is 0s", "findings exempt", "--reason", "a signed webhook receiver", askedID)
	b.fails(exitUsage, "not defined: -for", "findings keep", "--for", "24h", "--reason", "by design", askedID)
	b.fails(exitUsage, "not defined: -as", "findings revert", "--as", "ada@example.com", askedID)
	b.fails(exitUsage, "--reason is missing", "pause")
	b.fails(exitUsage, "unexpected argument", "resume", "now")
	b.fails(exitUsage, "unknown command", "findings frob")
	b.fails(exitFailed, "not found", "findings show", askedID)
	var out, errs bytes.Buffer
	env := environment{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	if code := run(t.Context(), []string{"findings", "list"}, env); code != exitUsage || !strings.Contains(errs.String(), "--config is missing") {
		t.Errorf("without --config: exit %d, %s", code, &errs)
	}
}

func TestAFindingIsShownToAnAuditorInFull(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.keep(newFinding(revertedID, state.Reverted), newFinding(askedID, state.Pending))
	b.ran("findings undo", "--reason", "the partner needs it\x1b[2J", revertedID)
	b.ran("findings revert", askedID)
	if out := b.ran("findings show", askedID); !strings.Contains(out, "revert by user:ada@example.com via cli on plan ") || !strings.Contains(out, "[named in the configuration]") {
		t.Errorf("the page does not say why the answer counted:\n%s", out)
	}
	b.keep(newFinding(reportedID, state.Pending))
	out := b.ran("findings show", revertedID)
	for _, want := range []string{
		"REVERTED · anyone on the internet can invoke api · pay-prod", "Finding: " + revertedID, "Who: jo@example.com", "anyone on the internet can invoke api",
		"What was done:", "removed roles/run.invoker to allUsers", "Written, or possibly written:", "- roles/run.invoker to allUsers",
		"An undo would change (plan ", "+ roles/run.invoker to allUsers", "Answers:\n  none", "Undos:", "approved: undo approved by user:ada@example.com", "Timeline:",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the page lacks %q:\n%s", want, out)
		}
	}
	if out := b.ran("findings show", reportedID); !strings.Contains(out, "What it waits for:") || !strings.Contains(out, "Needs: 1 of 2 approvers, not jo@example.com to keep or exempt") || !strings.Contains(out, "stale: the change is") {
		t.Errorf("the page does not say what it waits for:\n%s", out)
	}
	if strings.ContainsRune(out, '\x1b') {
		t.Error("an escape sequence reaches the terminal")
	}
	var f finding.Finding
	if err := json.Unmarshal([]byte(b.ran("findings show", "--format", "json", revertedID)), &f); err != nil || f.ID != revertedID || len(f.Done) != 1 {
		t.Errorf("json: %v, %+v; want the stored record", err, f)
	}
}

func TestAKeptFindingShowsWhatWasNotRaised(t *testing.T) {
	b := newBureau(t, "")
	f := newFinding(askedID, state.Kept)
	at := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	f.Settled = &finding.Settled{Again: 3, First: at, Last: at.Add(time.Hour), LastBy: "user:jo@example.com", Gone: f.Plan.Steps}
	b.keep(f)
	out := b.ran("findings show", askedID)
	for _, want := range []string{
		"changes like it that were not raised: 3, the first at 2026-11-20T04:00:00Z, the last at 2026-11-20T05:00:00Z by user:jo@example.com",
		"settled no more, as it was gone: " + f.Plan.Steps[0].About(),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestAStoreThatServeHasOpenIsRefusedSoon(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.with(func(*bolt.Store) {
		begin := time.Now()
		b.fails(exitFailed, "in use by another process (a running rescind serve?)", "findings list")
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it took %s, want at most two seconds", took)
		}
	})
}

func TestAStoreInAnotherProcessMemoryIsRefused(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b.config, strings.Replace(string(text), "bolt:state.db", `"memory:"`, 1))
	b.fails(exitFailed, "in the process that serves and nowhere else", "findings list")
}

func TestWhatIsOwedIsListedWithWhatKeepsIt(t *testing.T) {
	b := newBureau(t, "")
	at := time.Now().Add(-2 * time.Hour)
	var all []owed.Change
	for i, who := range []string{"user:jo@example.com", "user:evil\x1b[31m@example.com"} {
		r := cloud.RunResource(cloud.RunService, fmt.Sprint("p", i), "europe-west1", "api")
		since := at.Add(time.Duration(i) * time.Hour).UTC()
		all = append(all, owed.Change{
			ID: fmt.Sprint("o", i), Place: owed.PlaceOf(r), Since: since,
			Change: cloud.Change{Resource: r, Method: "google.cloud.run.v2.Services.SetIamPolicy", Actor: cloud.Actor{Principal: who}}, Why: "held back by a limit",
		})
	}
	b.with(func(s *bolt.Store) {
		for _, c := range all {
			if _, err := s.Owe(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, tt := range []struct {
		name string
		args []string
		want []string
	}{
		{"all, those first that wait longest", nil, []string{"o0", "o1"}},
		{"in a project", []string{"--project", "p1"}, []string{"o1"}},
		{"by a person", []string{"--actor", "jo@example.com"}, []string{"o0"}},
		{"for long", []string{"--older-than", "90m"}, []string{"o0"}},
		{"none", []string{"--project", "p9"}, []string{}},
	} {
		args := append([]string{"--owed"}, tt.args...)
		var got []owed.Change
		if err := json.Unmarshal([]byte(b.ran("findings list", append(args, "--format", "json")...)), &got); err != nil || got == nil {
			t.Fatalf("%s: %v, %v", tt.name, got, err)
		}
		ids := []string{}
		for _, c := range got {
			ids = append(ids, c.ID)
		}
		table := strings.Split(strings.TrimSpace(b.ran("findings list", args...)), "\n")
		if !slices.Equal(ids, tt.want) || len(table) != len(ids)+1 || strings.Contains(strings.Join(table, ""), "\x1b") {
			t.Errorf("%s: %q, %q, want %q", tt.name, ids, table, tt.want)
		}
	}
	if code, out, errs := b.run("findings list", "--owed", "--limit", "1"); code != exitOK || strings.Count(out, "\n") != 2 || !strings.Contains(errs, "there are 2") {
		t.Errorf("the first of two: exit %d, %q, %q", code, out, errs)
	}
	for _, flag := range [][]string{{"--state", "open"}, {"--policy", "x"}, {"--since", "2026-11-01T00:00:00Z"}, {"--until", "2026-11-01T00:00:00Z"}} {
		b.fails(exitUsage, "--owed lists changes that are not judged yet", "findings list", append([]string{"--owed"}, flag...)...)
	}
}
