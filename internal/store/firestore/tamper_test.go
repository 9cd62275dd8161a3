package firestore_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	native "cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/firestore"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// documents is the database, as somebody has it who can write to it beside rescind.
type documents struct {
	t *testing.T
	c *native.Client
}

// change changes the record in a document as JSON.
func (d documents) change(path string, do func(map[string]any)) {
	d.t.Helper()
	d.changeBytes(path, func(old []byte) []byte {
		var v map[string]any
		if err := json.Unmarshal(old[1:], &v); err != nil {
			d.t.Fatal(err)
		}
		do(v)
		j, err := json.Marshal(v)
		if err != nil {
			d.t.Fatal(err)
		}
		return append([]byte{old[0]}, j...)
	})
}

// changeBytes changes the record in a document.
func (d documents) changeBytes(path string, to func([]byte) []byte) {
	d.t.Helper()
	doc, err := d.c.Doc(path).Get(d.t.Context())
	if err == nil {
		_, err = doc.Ref.Update(d.t.Context(), []native.Update{{Path: "record", Value: to(doc.Data()["record"].([]byte))}})
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d documents) remove(paths ...string) {
	d.t.Helper()
	for _, path := range paths {
		if _, err := d.c.Doc(path).Delete(d.t.Context(), native.Exists); err != nil {
			d.t.Fatal(err)
		}
	}
}

// all are the documents of every collection, as they are.
func (d documents) all() []*native.DocumentSnapshot {
	d.t.Helper()
	var out []*native.DocumentSnapshot
	collections, err := d.c.Collections(d.t.Context()).GetAll()
	for _, c := range collections {
		docs, e := c.Documents(d.t.Context()).GetAll()
		out, err = append(out, docs...), errors.Join(err, e)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// restore writes the documents back as they were.
func (d documents) restore(as []*native.DocumentSnapshot) {
	d.t.Helper()
	for _, doc := range as {
		if _, err := doc.Ref.Set(d.t.Context(), doc.Data()); err != nil {
			d.t.Fatal(err)
		}
	}
}

func cellPath(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "cells/~" + hex.EncodeToString(sum[:])
}

// decided is a database with a finding that was answered and a ledger of two records,
// all of it in a root, and what verifies it.
func decided(t *testing.T) (d documents, day string, verify func() error) {
	t.Helper()
	s, c := open(t, newProject())
	now := time.Now().UTC()
	clock := func() time.Time { return now }
	ledger := trail.NewLedger(s, clock, slog.New(slog.DiscardHandler))
	roots := trail.NewRoots(s, ledger, clock)
	api := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	f := finding.Finding{
		ID: "f1", Policy: "no-public-invoker", State: state.Pending, Resource: api, CreatedAt: now,
		Actors: []cloud.Actor{{Principal: "user:eve@example.com"}}, Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: api}}, ""),
	}
	f.Timeline = f.Timeline.With(f.ID, trail.Event{At: now, State: f.State, What: "asked"})
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(roots.Begin(t.Context()))
	f, err := s.Create(t.Context(), f)
	must(err)
	f.State, f.EndedAt, f.Exemption = state.Exempted, now, &finding.Exemption{Until: now.Add(time.Hour)}
	f.Answers = []finding.Answer{{Choice: finding.ChooseExempt, Principal: "user:ada@example.com", At: now}}
	f.Timeline = f.Timeline.With(f.ID, trail.Event{At: now, State: f.State, Who: "user:ada@example.com", What: "exempt"})
	f, err = s.Update(t.Context(), f)
	must(err)
	for range 2 {
		_, err := ledger.Append(t.Context(), trail.Record{Kind: trail.Alarm, What: "told"})
		must(err)
	}
	must(errors.Join(roots.Note(t.Context(), f.Head()), roots.Extend(t.Context(), nil, nil)))
	return documents{t, c}, now.Format(time.DateOnly), func() error { return verified(t.Context(), s, ledger, roots, now) }
}

// verified does what `audit verify` does.
func verified(ctx context.Context, s *firestore.Store, ledger *trail.Ledger, roots *trail.Roots, now time.Time) error {
	held, err := roots.Coverage(ctx)
	_, broken := ledger.Verify(ctx, now.Add(-time.Hour), now.Add(time.Hour))
	errs := []error{err, broken}
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		if h.Day() != "" {
			errs = append(errs, ledger.Holds(ctx, h))
			continue
		}
		f, err := s.Finding(ctx, h.Finding())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, f.VerifyTrail(), f.Timeline.Holds(f.ID, h))
		if f.Timeline.Unhashed(held.Since) > 0 {
			errs = append(errs, errors.New("it has no hash, and is from after the marker"))
		}
	}
	return errors.Join(errs...)
}

// TestI8WhatWasDoneToTheDatabaseIsFound is the table of `audit verify`, in Firestore.
func TestI8WhatWasDoneToTheDatabaseIsFound(t *testing.T) {
	d, day, verify := decided(t)
	sound := d.all()
	events := func(v map[string]any) []any { return v["timeline"].([]any) }
	first := func(v any) map[string]any { return v.([]any)[0].(map[string]any) }
	inFinding := func(do func(map[string]any)) func(documents, string) {
		return func(d documents, _ string) { d.change("findings/f1", do) }
	}
	for _, tt := range []struct {
		name string
		do   func(d documents, day string)
		says string
	}{
		{"nothing", func(documents, string) {}, ""},
		{"a hash is removed", inFinding(func(v map[string]any) { delete(events(v)[1].(map[string]any), "hash") }), "it has no hash"},
		{"all hashes are removed", inFinding(func(v map[string]any) {
			for _, e := range events(v) {
				delete(e.(map[string]any), "hash")
				delete(e.(map[string]any), "n")
			}
		}), "it has no hash, and is from after the marker"},
		{"the last event is dropped", inFinding(func(v map[string]any) { v["timeline"], v["state"] = events(v)[:1], "pending" }), "a root holds 2 of them"},
		{"an answer is another", inFinding(func(v map[string]any) { first(v["answers"])["principal"] = "user:eve@example.com" }), "is not as event 2 left it"},
		{"an actor is another", inFinding(func(v map[string]any) { first(v["actors"])["principal"] = "user:bob@example.com" }), "is not as event 2 left it"},
		{"the plan is another", inFinding(func(v map[string]any) { v["plan"].(map[string]any)["digest"] = "0123" }), "is not as event 2 left it"},
		{"the exemption is longer", inFinding(func(v map[string]any) { v["exemption"].(map[string]any)["until"] = "2099-01-01T00:00:00Z" }), "is not as event 2 left it"},
		{"the state is another", inFinding(func(v map[string]any) { v["state"] = "kept" }), "its trail ends with exempted"},
		{"the finding is deleted", func(d documents, _ string) { d.remove("findings/f1") }, "not found"},
		{"a record is deleted", func(d documents, day string) { d.remove(cellPath("ledger/" + day + "/1")) }, "record 1 of the ledger"},
		{"the day is deleted", func(d documents, day string) {
			d.remove(cellPath("ledger/"+day+"/1"), cellPath("ledger/"+day+"/2"), cellPath("ledger/"+day+"/head"))
		}, "record 2 of the ledger of"},
		{"the head is lowered", func(d documents, day string) {
			d.change(cellPath("ledger/"+day+"/head"), func(c map[string]any) {
				value, err := base64.StdEncoding.DecodeString(c["value"].(string))
				if err != nil {
					d.t.Fatal(err)
				}
				var head map[string]any
				if err := json.Unmarshal(value, &head); err != nil {
					d.t.Fatal(err)
				}
				head["n"] = 1
				if value, err = json.Marshal(head); err != nil {
					d.t.Fatal(err)
				}
				c["value"] = base64.StdEncoding.EncodeToString(value)
			})
		}, "the ledger of"},
		{"a root is deleted", func(d documents, _ string) { d.remove(cellPath("trail/root/1")) }, "root 1 is missing"},
	} {
		tt.do(d, day)
		if err := verify(); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
		d.restore(sound)
	}
}
