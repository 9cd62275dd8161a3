package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

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
	var p desk.Pause
	if err := json.Unmarshal([]byte(b.ran("resume", "--format", "json")), &p); err != nil || p.On || p.By != "user:ada@example.com" || !p.Owed {
		t.Errorf("resumed: %v, %+v", err, p)
	}
}
