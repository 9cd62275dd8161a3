package finding_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var sealedAt = time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)

// exempted is a stored finding that two people excepted.
func exempted(t *testing.T) finding.Finding {
	t.Helper()
	f := finding.Finding{
		ID: "f", Policy: "no-public-invoker", State: state.Exempted, Actors: []cloud.Actor{{Principal: "user:eve@example.com"}},
		Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"),
		Plan:     judge.Plan{Digest: "0123abcd", Steps: []judge.Step{{Kind: policies.RemoveGrants}}},
		Answers: []finding.Answer{
			{Choice: finding.ChooseExempt, Principal: "user:ada@example.com", At: sealedAt},
			{Choice: finding.ChooseExempt, Principal: "user:bob@example.com", At: sealedAt},
		},
		Exemption: &finding.Exemption{Until: sealedAt.Add(time.Hour)}, CreatedAt: sealedAt, EndedAt: sealedAt,
	}
	f.Timeline = f.Timeline.With(f.ID, trail.Event{At: sealedAt, State: f.State, What: "exempt"})
	return mustSeal(t, f, finding.Finding{})
}

func mustSeal(t *testing.T, f, old finding.Finding) finding.Finding {
	t.Helper()
	f, err := f.Sealed(old)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestI8WhatDecidesCannotChangeWithoutAnEvent changes the record and leaves its trail.
func TestI8WhatDecidesCannotChangeWithoutAnEvent(t *testing.T) {
	if err := exempted(t).VerifyTrail(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*finding.Finding){
		"an answer is taken out":       func(f *finding.Finding) { f.Answers = f.Answers[:1] },
		"another person answered":      func(f *finding.Finding) { f.Answers[1].Principal = "user:eve@example.com" },
		"another reason was given":     func(f *finding.Finding) { f.Answers[1].Reason = "none" },
		"the actor is another one":     func(f *finding.Finding) { f.Actors[0].Principal = "user:ada@example.com" },
		"there is no actor":            func(f *finding.Finding) { f.Actors = nil },
		"the plan's digest is another": func(f *finding.Finding) { f.Plan.Digest = "4567abcd" },
		"the plan does something else": func(f *finding.Finding) { f.Plan.Steps[0].Kind = policies.RestoreIngress },
		"the exemption ends later":     func(f *finding.Finding) { f.Exemption.Until = sealedAt.Add(time.Minute * 61) },
		"there is no exemption":        func(f *finding.Finding) { f.Exemption = nil },
		"it is in another state":       func(f *finding.Finding) { f.State = state.Kept },
		"it ended later":               func(f *finding.Finding) { f.EndedAt = sealedAt.Add(time.Hour) },
		"something was written":        func(f *finding.Finding) { f.Done = []judge.Step{{Kind: policies.RemoveGrants}} },
	} {
		f := exempted(t)
		change(&f)
		if f.VerifyTrail() == nil {
			t.Errorf("%s, and the trail verifies", name)
			continue
		}
		if f.State != state.Exempted {
			continue
		}
		next := f
		next.Timeline = f.Timeline.With(f.ID, trail.Event{At: sealedAt, State: f.State, What: "told of something else"})
		if err := mustSeal(t, next, f).VerifyTrail(); err == nil || !strings.Contains(err.Error(), "before event 2") {
			t.Errorf("%s, and the next event covers it up: %v", name, err)
		}
	}
}

func TestARecordReadInAnotherZoneIsSealedAlike(t *testing.T) {
	f, east := exempted(t), time.FixedZone("east", 3600)
	for _, at := range []*time.Time{&f.CreatedAt, &f.EndedAt, &f.Exemption.Until, &f.Answers[0].At, &f.Answers[1].At} {
		*at = at.In(east)
	}
	if err := f.VerifyTrail(); err != nil {
		t.Error(err)
	}
}

// unsealed are the fields that change without an event: how a finding is shown and
// worked off. TestEveryFieldIsSealedOrNot has every other one in the seal.
var unsealed = []string{
	"revision", "why", "timeline", "surfaces", "outbox", "updated_at", "due_at", "attempts", "retries", "undone_by", "held", "page_at", "paged_at",
	"escalated_at", "undelivered_since", "undelivered", "fell_back", "group", "in_digest", "published",
}

func TestEveryFieldIsSealedOrNot(t *testing.T) {
	for i := range reflect.TypeFor[finding.Finding]().NumField() {
		field := reflect.TypeFor[finding.Finding]().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		var f finding.Finding
		setSomething(t, reflect.ValueOf(&f).Elem().Field(i))
		before, err := finding.Finding{}.SealedPart()
		if err != nil {
			t.Fatal(err)
		}
		after, err := f.SealedPart()
		if err != nil {
			t.Fatal(err)
		}
		if is := string(before) != string(after); is == slices.Contains(unsealed, name) {
			t.Errorf("%s: sealed is %t, and the list in this test says otherwise", name, is)
		}
	}
}

func setSomething(t *testing.T, v reflect.Value) {
	t.Helper()
	switch p := v.Addr().Interface().(type) {
	case *time.Time:
		*p = sealedAt
		return
	case **finding.Settled:
		*p = &finding.Settled{Over: true}
		return
	case *cloud.Resource:
		*p = cloud.RunResource(cloud.RunService, "p", "l", "s")
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.String {
				f.SetString("x")
				return
			}
		}
	default:
		t.Fatalf("teach this test to fill a %s", v.Type())
	}
}
