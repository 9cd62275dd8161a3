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
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
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

// newFinding is about a public service that jo made so, an hour ago.
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
