package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/scan"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// past is a simulated cloud in which things went wrong before rescind came,
// and a configuration for it.
type past struct {
	t      *testing.T
	demo   *sandbox.World
	config string
	db     string
}

func newPast(t *testing.T, scope, store string) *past {
	t.Helper()
	w, err := sandbox.New(t.Context(), "127.0.0.1:0", sandbox.Policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	s := &past{t: t, demo: w}
	dir := t.TempDir()
	s.config, s.db = filepath.Join(dir, "rescind.yaml"), filepath.Join(dir, "state.db")
	write(t, filepath.Join(dir, "policies.yaml"), sandbox.Policies)
	write(t, s.config, fmt.Sprintf(`policies: [policies.yaml]
scope: %s
identity: %s
store: %q
push: {audience: https://rescind.example.com/events, service_account: push@ops.iam.gserviceaccount.com}
google: {insecure: true, endpoints: {run: %[4]q, iam: %[4]q, resourcemanager: %[4]q, orgpolicy: %[4]q}}
`, scope, sandbox.Self, store, s.demo.SimAddr))
	public := &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}
	if err := s.demo.Cloud.PutPolicy(sandbox.Reports, public); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *past) scan(want int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	code, stdout, stderr := runCommand(s.t, "", append([]string{"scan", "--config", s.config}, args...)...)
	if code != want {
		s.t.Fatalf("exit %d, want %d; stdout %q, stderr %q", code, want, stdout, stderr)
	}
	return stdout, stderr
}

func TestAScanFindsOnceWhatWasThereBefore(t *testing.T) {
	s := newPast(t, "{include: [organizations/77]}", "bolt:state.db")
	out, errs := s.scan(exitOK)
	if !strings.Contains(out, "new ") || !strings.Contains(out, "pending") || !strings.Contains(out, sandbox.Reports) {
		t.Errorf("no new question about %s in:\n%s", sandbox.Reports, out)
	}
	if want := "projects/pay-prod: 11 workloads, 1 findings\n"; errs != want {
		t.Errorf("progress %q, want %q", errs, want)
	}
	out, _ = s.scan(exitOK, "--format", "jsonl", "--project", "pay-prod")
	var line struct {
		Policy, Actor, Decision, Scan, State, Finding, Resource string
		Plan                                                    []struct{ Step string }
	}
	if err := json.Unmarshal([]byte(out), &line); err != nil {
		t.Fatalf("%v in %q, want one object", err, out)
	}
	if line.Policy != "no-public-invoker" || line.Decision != "ask" || line.Scan != "known" || line.State != "pending" ||
		line.Actor != "unknown" || line.Resource != "//run.googleapis.com/"+sandbox.Reports || len(line.Plan) != 1 || line.Plan[0].Step != "remove-grants" {
		t.Errorf("the second scan has %s", out)
	}
	if fs := s.stored(); len(fs) != 1 || fs[0].ID != line.Finding {
		t.Errorf("stored %+v, want the one finding", fs)
	}
}

func (s *past) stored() []finding.Finding {
	s.t.Helper()
	st, err := bolt.Open(s.db)
	if err != nil {
		s.t.Fatal(err)
	}
	defer st.Close()
	fs, err := st.Findings(s.t.Context(), finding.Query{})
	if err != nil {
		s.t.Fatal(err)
	}
	return fs
}

func TestAScanDoesNotLookOutsideTheScope(t *testing.T) {
	s := newPast(t, "{include: [organizations/77], exclude: [projects/pay-prod]}", "memory:")
	if out, errs := s.scan(exitOK); !strings.HasPrefix(out, "No findings in 2 resources that were scanned") || errs != "" {
		t.Errorf("stdout %q, stderr %q; want nothing found", out, errs)
	}
	if out, errs := s.scan(exitFailed, "--project", "pay-prod"); !strings.Contains(errs, "out of scope") || out != "nothing could be read: no resource in scope was scanned\n" {
		t.Errorf("stdout %q, stderr %q; want to be told that it is out of scope", out, errs)
	}
}

func TestAPartThatCannotBeScannedDoesNotStopTheOthers(t *testing.T) {
	s := newPast(t, "{include: [projects/gone, organizations/77]}", "memory:")
	s.demo.Cloud.Fail("ListJobs", 1000, codes.PermissionDenied)
	out, errs := s.scan(exitFailed)
	if !strings.Contains(out, sandbox.Reports) || !strings.Contains(errs, "run.jobs.list") || !strings.Contains(errs, "could not be scanned") {
		t.Errorf("stdout %q, stderr %q; want the finding, and what was not scanned", out, errs)
	}
}

func TestAScanThatFindsNothingSaysSo(t *testing.T) {
	s := newPast(t, "{include: [projects/pay-prod]}", "memory:")
	if err := s.demo.Cloud.PutPolicy(sandbox.Reports, &iampb.Policy{}); err != nil {
		t.Fatal(err)
	}
	if out, _ := s.scan(exitOK); out != "No findings in 12 resources that were scanned; 0 parts could not be read\n" {
		t.Errorf("stdout %q", out)
	}
	if out, _ := s.scan(exitOK, "--format", "jsonl"); out != "" {
		t.Errorf("jsonl %q, want nothing", out)
	}
}

func TestTheScansOfTheOperationsDocsWork(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newPast(t, "{include: [organizations/77]}", "bolt:state.db")
	t.Chdir(filepath.Dir(s.config))
	samples := regexp.MustCompile(`(?m)^rescind (scan .*)$`).FindAllStringSubmatch(string(text), -1)
	if len(samples) < 2 {
		t.Fatalf("%d samples, want two", len(samples))
	}
	for _, sample := range samples {
		if code, out, errs := runCommand(t, "", strings.Fields(sample[1])...); code != exitOK || !strings.Contains(out, "no-public-invoker") {
			t.Errorf("%s: exit %d, stdout %q, stderr %q", sample[0], code, out, errs)
		}
	}
}

func TestAScanIsUsedWrongly(t *testing.T) {
	for says, args := range map[string][]string{
		"--config is missing": {"scan"},
		"--format":            {"scan", "--config", "x", "--format", "json"},
		"unexpected argument": {"scan", "--config", "x", "pay-prod"},
		"a project's id":      {"scan", "--config", "x", "--project", "a/b"},
	} {
		if code, out, errs := runCommand(t, "", args...); code != exitUsage || !strings.Contains(errs, says) || out != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr %q; want usage, saying %q", args, code, out, errs, says)
		}
	}
}

func TestAScanThatWasCutOffGoesOnWhenItIsStartedAgain(t *testing.T) {
	s := newPast(t, "{include: [organizations/77]}", "bolt:state.db")
	c, err := config.Load(s.config)
	if err != nil {
		t.Fatal(err)
	}
	cutOff := func() {
		a, err := process.NewWithoutRoutes(t.Context(), c, process.Options{Lookup: func(string) (string, bool) { return "", false }, Now: time.Now, Wait: process.Wait, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		ctx, cancel := context.WithCancel(t.Context())
		visits := 0
		_, err = a.Scanner().All(ctx, scan.Walk{
			Name: walkName(cloud.ParseContainers(c.Scope.Include)), Tops: cloud.ParseContainers(c.Scope.Include), Resumed: func(scan.Round) {},
			Visit: func(scan.Visit) {
				if visits++; visits == 3 {
					cancel()
				}
			},
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v, want that it was told to stop", err)
		}
	}
	cutOff()
	if _, errs := s.scan(exitOK); !strings.Contains(errs, "going on where the scan of ") || !strings.Contains(errs, ": 3 resources scanned, ") ||
		!strings.Contains(errs, "projects/pay-prod: 8 workloads") {
		t.Errorf("stderr %q, want it to say where it goes on", errs)
	}
	cutOff()
	if _, errs := s.scan(exitOK, "--from-start"); strings.Contains(errs, "going on") || !strings.Contains(errs, "projects/pay-prod: 11 workloads") {
		t.Errorf("stderr %q, want all of it", errs)
	}
}
