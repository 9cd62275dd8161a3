package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// bureau is a configuration with a store in a file, and a Google that says who
// the caller is.
type bureau struct {
	t      *testing.T
	config string
	db     string
	who    string // as Google says; empty: it says nothing
}

func newBureau(t *testing.T, who string) *bureau {
	t.Helper()
	dir := t.TempDir()
	b := &bureau{t: t, config: filepath.Join(dir, "rescind.yaml"), db: filepath.Join(dir, "state.db"), who: who}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"access_token":"t","expires_in":3600,"token_type":"Bearer"}`)
	})
	mux.HandleFunc("GET /userinfo", func(w http.ResponseWriter, _ *http.Request) {
		if b.who == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"email":%q,"email_verified":true}`, b.who)
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", credentialsFor(t, srv.URL+"/token"))
	write(t, b.config, `scope: {include: [projects/pay-prod]}
identity: rescind@ops.iam.gserviceaccount.com
store: bolt:state.db
push: {audience: https://rescind.example.com/events, service_account: push@ops.iam.gserviceaccount.com}
approvals: {approvers: {users: {U01: user:ada@example.com, U02: user:jo@example.com}}}
google: {userinfo_url: "`+srv.URL+`/userinfo"}
`)
	return b
}

// credentialsFor are a service account's, with a key made here; nothing checks
// what it signs.
func credentialsFor(t *testing.T, tokenURL string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "a@ops.iam.gserviceaccount.com", "private_key_id": "1", "token_uri": tokenURL,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "adc.json")
	write(t, path, string(j))
	return path
}

// keep puts the findings into the store.
func (b *bureau) keep(fs ...finding.Finding) {
	b.t.Helper()
	b.with(func(s *bolt.Store) {
		for _, f := range fs {
			if _, err := s.Create(b.t.Context(), f); err != nil {
				b.t.Fatal(err)
			}
		}
	})
}

func (b *bureau) with(do func(*bolt.Store)) {
	b.t.Helper()
	s, err := bolt.Open(b.db)
	if err != nil {
		b.t.Fatal(err)
	}
	do(s)
	if err := s.Close(); err != nil {
		b.t.Fatal(err)
	}
}

// run runs rescind with the configuration after the first words.
func (b *bureau) run(command string, args ...string) (code int, stdout, stderr string) {
	b.t.Helper()
	var out, errs bytes.Buffer
	all := slices.Concat(strings.Fields(command), []string{"--config", b.config}, args)
	code = run(b.t.Context(), all, environment{
		lookup: func(string) (string, bool) { return "", false },
		stdin:  strings.NewReader(""), stdout: &out, stderr: &errs,
	})
	return code, out.String(), errs.String()
}

// ran is run where the command has to succeed.
func (b *bureau) ran(command string, args ...string) string {
	b.t.Helper()
	code, out, errs := b.run(command, args...)
	if code != exitOK || errs != "" {
		b.t.Fatalf("%s %q: exit %d, stderr %q", command, args, code, errs)
	}
	return out
}

// fails checks that a command fails with this exit code, says this and prints
// nothing on standard output.
func (b *bureau) fails(code int, says, command string, args ...string) {
	b.t.Helper()
	got, out, errs := b.run(command, args...)
	if got != code || !strings.Contains(errs, says) || out != "" {
		b.t.Errorf("%s %q: exit %d, stdout %q, stderr %q; want exit %d, saying %q", command, args, got, out, errs, code, says)
	}
}

const (
	askedID    = "aaaaaaaaaaaaaaaaaaaaaaaaaa"
	revertedID = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	reportedID = "cccccccccccccccccccccccccc"
)

// finding is about a public service that jo made so, an hour ago.
func newFinding(id string, s state.State) finding.Finding {
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	api := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	jo := cloud.Actor{Principal: "user:jo@example.com"}
	f := finding.Finding{
		ID: id, Policy: "no-public-invoker", Title: "Public invoker", Severity: policies.High, Verdict: policies.Violation,
		Message: "anyone on the internet can invoke api", Enforcement: policies.Approve, Decision: judge.Ask,
		Reasons: []string{"stale: the change is \x1b[31mold"}, Resource: api, Actors: []cloud.Actor{jo},
		Change: cloud.Change{ID: "c-" + id, Time: at, Resource: api, Verb: cloud.SetPolicy, Method: "SetIamPolicy", Actor: jo},
		Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: api,
			Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}}}}, ""),
		State: s, Why: "asked", CreatedAt: at, UpdatedAt: at,
		Timeline: []trail.Event{{At: at, State: s, What: "asked"}},
	}
	switch s {
	case state.Pending:
		f.ExpiresAt = at.Add(24 * time.Hour)
	case state.Reverted:
		f.Done, f.EndedAt, f.Why = f.Plan.Steps, at, "removed roles/run.invoker to allUsers"
	}
	return f
}

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

func TestADecisionIsRecordedAsTheCallersAndLeftToTheWorker(t *testing.T) {
	b := newBureau(t, "Ada@example.com")
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted), newFinding(reportedID, state.Reported))
	out := b.ran("findings revert", "--plan", newFinding(askedID, state.Pending).Plan.Digest[:8], askedID)
	if !strings.Contains(out, "approved  revert approved by user:ada@example.com") {
		t.Errorf("it says %q", out)
	}
	b.ran("findings revert", reportedID)
	var u finding.Finding
	if err := json.Unmarshal([]byte(b.ran("findings undo", "--reason", "meant to be", "--format", "json", revertedID)), &u); err != nil || u.UndoOf != revertedID {
		t.Errorf("undo: %v, %+v", err, u)
	}
	b.with(func(s *bolt.Store) {
		due, err := s.Due(t.Context(), time.Now(), 0)
		if err != nil || len(due) != 3 {
			t.Fatalf("%d due (%v), want three for the worker's next sweep", len(due), err)
		}
		for _, f := range due {
			a := f.Answers[0]
			if f.State != state.Approved || !f.Owes(finding.Apply) || a.Principal != "user:ada@example.com" || a.Via != "cli" || a.Digest == "" {
				t.Errorf("stored %s, owes %v, answer %+v", f.State, f.Outbox, a)
			}
		}
	})
}

func TestWhatTheCallerMayNotDecideIsRefused(t *testing.T) {
	b := newBureau(t, "jo@example.com")
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted))
	b.fails(exitFailed, "user:jo@example.com made this change and cannot keep it", "findings keep", "--reason", "mine", askedID)
	b.fails(exitFailed, "user:jo@example.com made this change and cannot undo it", "findings undo", "--reason", "mine", revertedID)
	b.fails(exitFailed, "the plan changed", "findings revert", "--plan", "12345678", askedID)
	b.who = "eve@example.com"
	b.fails(exitFailed, "user:eve@example.com is not an approver", "findings revert", askedID)
	b.fails(exitFailed, "user:eve@example.com is not an approver", "pause", "--reason", "fun")
	b.who = "robot@ops.iam.gserviceaccount.com"
	b.fails(exitFailed, "serviceAccount:robot@ops.iam.gserviceaccount.com is not an approver", "findings revert", askedID)
	b.who = ""
	b.fails(exitFailed, "nothing was decided, as it cannot be told who you are", "findings revert", askedID)
	b.with(func(s *bolt.Store) {
		if f, err := s.Finding(t.Context(), askedID); err != nil || f.Revision != 1 {
			t.Errorf("the finding is at revision %d (%v), want it as it was", f.Revision, err)
		}
	})
}

func TestAnExemptionIsPreviewedAndTakesTwo(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b.config, strings.Replace(string(text), "U02: user:jo@example.com", "U02: user:jo@example.com, U03: user:bob@example.com", 1))
	b.keep(newFinding(askedID, state.Pending), newFinding(revertedID, state.Reverted))
	args := []string{"--for", "24h", "--reason", "a signed webhook receiver", askedID}
	code, out, errs := b.run("findings exempt", args...)
	if code != exitOK || !strings.Contains(out, "pending  user:ada@example.com answered exempt until") || !strings.Contains(out, "1 of 2") {
		t.Errorf("exit %d, it says %q", code, out)
	}
	for _, want := range []string{"Exempts policy no-public-invoker on //run.googleapis.com/", "roles/run.invoker to allUsers", "would have covered 1 other", revertedID} {
		if !strings.Contains(errs, want) {
			t.Errorf("the preview lacks %q:\n%s", want, errs)
		}
	}
	b.who = "bob@example.com"
	code, out, _ = b.run("findings exempt", append([]string{"--format", "json"}, args...)...)
	var f finding.Finding
	if err := json.Unmarshal([]byte(out), &f); code != exitOK || err != nil || f.State != state.Exempted || f.Exemption == nil {
		t.Errorf("exit %d, %v, %s; want it exempted", code, err, out)
	}
	if page := b.ran("findings show", askedID); !strings.Contains(page, "Exempted by ada@example.com and bob@example.com until") {
		t.Errorf("the page does not say by whom:\n%s", page)
	}
}

func TestAnExemptionIsRefusedWhereItIsTooLongOrTheActors(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.keep(newFinding(askedID, state.Pending))
	for _, tt := range []struct{ who, says, length string }{
		{"ada@example.com", "of this severity (high) lasts at most 720h", "721h"},
		{"jo@example.com", "made this change and cannot exempt it", "24h"},
	} {
		b.who = tt.who
		code, out, errs := b.run("findings exempt", "--for", tt.length, "--reason", "a signed webhook receiver", askedID)
		if code != exitFailed || out != "" || !strings.Contains(errs, tt.says) {
			t.Errorf("%s for %s: exit %d, stdout %q, stderr %q; want it to say %q", tt.who, tt.length, code, out, errs, tt.says)
		}
	}
}

func TestPauseAndResumeSetTheSwitch(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	b.fails(exitFailed, "not paused", "resume")
	b.fails(exitFailed, "at most 24h", "pause", "--reason", "a release", "--for", "25h")
	if out := b.ran("pause", "--reason", "a release", "--for", "4h"); !strings.Contains(out, "by user:ada@example.com: a release") {
		t.Errorf("it says %q", out)
	}
	b.with(func(s *bolt.Store) {
		p, err := s.Pause(t.Context())
		if err != nil || !p.Active(time.Now().Add(239*time.Minute)) || p.Active(time.Now().Add(4*time.Hour)) || !p.Owed {
			t.Errorf("stored %+v (%v), want four hours and an announcement owed", p, err)
		}
	})
	var p remediate.Pause
	if err := json.Unmarshal([]byte(b.ran("resume", "--format", "json")), &p); err != nil || p.On || p.By != "user:ada@example.com" || !p.Owed {
		t.Errorf("resumed: %v, %+v", err, p)
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
