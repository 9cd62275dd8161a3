package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// topic keeps what is published to it.
type topic struct {
	events     []cloudevents.Event
	attributes []map[string]string
	failing    error
}

func (p *topic) Publish(_ context.Context, data []byte, attributes map[string]string) error {
	if p.failing != nil {
		return p.failing
	}
	var e cloudevents.Event
	if err := json.Unmarshal(data, &e); err != nil {
		return err
	}
	p.events, p.attributes = append(p.events, e), append(p.attributes, attributes)
	return e.Validate()
}

func decided() finding.Finding {
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	jo := cloud.Actor{Principal: "user:jo@example.com"}
	return finding.Finding{
		ID: "f1", Policy: "no-public-invoker", Severity: policies.High, Decision: judge.Ask, State: state.Reverted,
		Message: "secret message", Why: "secret reason", Reasons: []string{"secret guardrail"},
		Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"), Change: cloud.Change{Actor: jo, Method: "secret method"},
		Plan: judge.NewPlan([]judge.Step{{Before: judge.StepState{Grants: []cloud.Grant{{Role: "secret role", Member: "user:secret"}}}}}, ""),
		Timeline: []trail.Event{
			{At: at, State: state.Pending, What: "secret what", N: 1, Hash: "h1", Plan: "p1"},
			{At: at, State: state.Pending, Who: "user:ada@example.com", Via: "secret via", What: "a vote", N: 2, Hash: "h2", Plan: "p1"},
			{At: at.Add(time.Minute), State: state.Approved, Who: "user:bob@example.com", What: "secret reason", N: 3, Hash: "h3", Plan: "p1"},
			{At: at.Add(2 * time.Minute), State: state.Reverted, What: "secret", N: 4, Hash: "h4", Plan: "p1"},
		},
	}
}

func TestTheFeedHasOneEventForEachChangeOfState(t *testing.T) {
	p := &topic{}
	feed := notify.Feed{Source: "https://rescind.example.com", To: p}
	for range 2 { // delivered again, it is the same
		p.events = nil
		if err := feed.Export(t.Context(), decided(), 0); err != nil {
			t.Fatal(err)
		}
		var got []string
		for i, e := range p.events {
			got = append(got, e.ID()+" "+e.Type())
			if e.Subject() != "f1" || e.Source() != "https://rescind.example.com" || p.attributes[i]["ce-type"] != e.Type() ||
				p.attributes[i]["Content-Type"] != "application/cloudevents+json" {
				t.Errorf("event %v, attributes %v", e, p.attributes[i])
			}
		}
		if s := strings.Join(got, ", "); s != "f1-1 rescind.finding.v1.pending, f1-3 rescind.finding.v1.approved, f1-4 rescind.finding.v1.reverted" {
			t.Errorf("published %s", s)
		}
	}
	var d notify.Decision
	if err := p.events[1].DataAs(&d); err != nil {
		t.Fatal(err)
	}
	if want := (notify.Decision{
		Finding: "f1", Event: 3, State: "approved", Previous: "pending", Policy: "no-public-invoker", Severity: "high", Decision: "ask",
		Resource: "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api", Project: "pay-prod", Plan: "p1",
		Actor: "user:jo@example.com", Decider: "user:bob@example.com", Hash: "h3",
	}); d != want {
		t.Errorf("data %+v, want %+v", d, want)
	}
	p.events = nil
	if err := feed.Export(t.Context(), decided(), 3); err != nil || len(p.events) != 1 {
		t.Errorf("after the first three events: %v, %d published, want the last", err, len(p.events))
	}
}

func TestTheFeedTellsNothingOfPoliciesPlansAndReasons(t *testing.T) {
	p := &topic{}
	feed := notify.Feed{Source: "https://rescind.example.com", To: p}
	if err := errors.Join(feed.Export(t.Context(), decided(), 0), feed.Undelivered(t.Context(), decided())); err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(p.events); err != nil || strings.Contains(string(b), "secret") {
		t.Errorf("%v, published %s", err, b)
	}
}

func TestUndeliveredIsAnEventOfItsOwn(t *testing.T) {
	p := &topic{}
	f := decided()
	f.UndeliveredSince = time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	if err := (notify.Feed{Source: "//x", To: p}).Undelivered(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if e := p.events[0]; e.Type() != "rescind.finding.v1.undelivered" || e.ID() != "f1-4-undelivered" || !e.Time().Equal(f.UndeliveredSince) {
		t.Errorf("published %v", e)
	}
}

func TestTheSampleOfTheFeedDocsIsAnEventOfTheFeed(t *testing.T) {
	text, err := os.ReadFile("../docs/feed.md")
	if err != nil {
		t.Fatal(err)
	}
	sample := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	var e cloudevents.Event
	if err := json.Unmarshal(sample[1], &e); err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(e.Data()))
	dec.DisallowUnknownFields()
	var d notify.Decision
	if err := errors.Join(dec.Decode(&d), e.Validate()); err != nil || e.ID() != d.Finding+"-4" || e.Type() != "rescind.finding.v1."+d.State {
		t.Errorf("%v, event %v", err, e)
	}
	full, err := json.Marshal(notify.Decision{Finding: "a", Previous: "a", Project: "a", Plan: "a", Decider: "a", UndoOf: "a", Hash: "a"})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(full, &fields); err != nil {
		t.Fatal(err)
	}
	for field := range fields {
		if !strings.Contains(string(text), "`"+field+"`") {
			t.Errorf("docs/feed.md does not explain `%s`", field)
		}
	}
}

func TestI8TheTrailGoesToTheLogALineEach(t *testing.T) {
	var out bytes.Buffer
	x := notify.Exporters{notify.LogTo(slog.New(slog.NewJSONHandler(&out, nil)))}
	err := errors.Join(x.Export(t.Context(), decided(), 2), x.ExportRecords(t.Context(), []trail.Record{
		{Day: "2026-11-20", N: 7, At: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC), Kind: trail.Refused, Class: "guest", What: "revert: no", Hash: "e7"},
	}))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("logged\n%s", out.String())
	}
	for i, want := range []string{
		`"time":"2026-11-20T03:01:00Z","level":"INFO","msg":"audit","logging.googleapis.com/insertId":"h3","chain":"finding/f1","n":3,"kind":"approved"`,
		`"logging.googleapis.com/insertId":"h4"`,
		`"logging.googleapis.com/insertId":"e7","chain":"ledger/2026-11-20","n":7,"kind":"refused","class":"guest","what":"revert: no","hash":"e7"`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s\nwant it to have %s", i+1, lines[i], want)
		}
	}
}

func TestAnExporterThatFailsKeepsNoOtherFromTheTrail(t *testing.T) {
	var out bytes.Buffer
	x := notify.Exporters{
		notify.Feed{Source: "//x", To: &topic{failing: errors.New("gone")}}, notify.LogTo(slog.New(slog.NewTextHandler(&out, nil))),
	}
	if err := x.Export(t.Context(), decided(), 3); err == nil || !strings.Contains(out.String(), "kind=reverted") {
		t.Errorf("%v, logged %s; want the error and the line", err, &out)
	}
}
