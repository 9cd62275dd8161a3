package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// measures are the instruments. docs/operations.md lists them, and a test compares.
type measures struct {
	events, answers, verdicts, outcomes, messages, limited metric.Int64Counter
	revert, call, held                                     metric.Float64Histogram
}

// Seconds between the bounds of the histograms: of a revert from some that nobody
// notices to some that a person took an hour for, of a call up to its time limit.
var (
	revertBounds = []float64{0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14400}
	callBounds   = []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
)

func newMeasures(m metric.Meter, s *standing, now func() time.Time) (measures, error) {
	var errs []error
	count := func(name, unit, what string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(what))
		errs = append(errs, err)
		return c
	}
	seconds := func(name, what string, bounds []float64) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(what), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
		return h
	}
	out := measures{
		events:   count("rescind.events", "{event}", "Messages to /events, by what became of them"),
		answers:  count("rescind.answers", "{answer}", "Messages to /answers, by what became of them"),
		verdicts: count("rescind.verdicts", "{finding}", "Findings that were begun, by policy, verdict and severity"),
		outcomes: count("rescind.outcomes", "{finding}", "Findings that came to a state"),
		messages: count("rescind.messages", "{message}", "Messages to people, by kind and by what became of them"),
		limited:  count("rescind.google.limited", "{call}", "Calls to Google that were not sent, as their rate was used up"),
		revert:   seconds("rescind.revert.duration", "From the time in the log entry to the revert, read back", revertBounds),
		call:     seconds("rescind.google.call.duration", "Calls to Google, without the wait for their turn", callBounds),
		held:     seconds("rescind.google.held.duration", "What calls to Google waited for their turn", callBounds),
	}
	errs = append(errs, s.observe(m, now))
	return out, errors.Join(errs...)
}

// Event counts a message to /events by its kind, which is one of package functions or an
// outcome of package remediate.
func (t *Telemetry) Event(kind string) {
	if t != nil {
		t.measures.events.Add(context.Background(), 1, label("kind", kind))
	}
}

// Answer counts a message to /answers by its kind, which is one of package functions.
func (t *Telemetry) Answer(kind string) {
	if t != nil {
		t.measures.answers.Add(context.Background(), 1, label("kind", kind))
	}
}

// Begun counts a finding that was begun. The policy is one that is loaded.
func (t *Telemetry) Begun(policy, verdict, severity string) {
	if t != nil {
		t.measures.verdicts.Add(context.Background(), 1, metric.WithAttributes(
			attribute.String("policy", policy), attribute.String("verdict", verdict), attribute.String("severity", severity)))
	}
}

// Came counts a finding that came to a state.
func (t *Telemetry) Came(state string) {
	if t != nil {
		t.measures.outcomes.Add(context.Background(), 1, label("state", state))
	}
}

// Reverted times a revert from its log entry on, and says whether people were asked. An
// entry that is dated after its revert took no time.
func (t *Telemetry) Reverted(took time.Duration, asked bool) {
	if t != nil {
		t.measures.revert.Record(context.Background(), max(took, 0).Seconds(), metric.WithAttributes(attribute.Bool("asked", asked)))
	}
}

// What became of a message.
const (
	Shown   = "shown"
	Waits   = "waits" // for its turn in the channel: it comes again
	NotSent = "failed"
)

// Message counts a message to people: a notice, an announcement, or a page or its end by
// one of the pagers.
func (t *Telemetry) Message(what, result string) {
	if t != nil {
		t.measures.messages.Add(context.Background(), 1, metric.WithAttributes(attribute.String("what", what), attribute.String("result", result)))
	}
}

// Call is one call to Google that was sent.
type Call struct {
	API  string // the service of the method
	Kind string // "read" or "write"
	Code string // of gRPC
	Held time.Duration
	Took time.Duration
}

// Called times a call to Google that was sent.
func (t *Telemetry) Called(c Call) {
	if t == nil {
		return
	}
	kind := attribute.String("kind", c.Kind)
	t.measures.call.Record(context.Background(), c.Took.Seconds(), metric.WithAttributes(attribute.String("api", c.API), kind, attribute.String("code", c.Code)))
	t.measures.held.Record(context.Background(), c.Held.Seconds(), metric.WithAttributes(kind))
}

// Limited counts a call to Google that was told to come again, as its rate is used up.
func (t *Telemetry) Limited(kind string) {
	if t != nil {
		t.measures.limited.Add(context.Background(), 1, label("kind", kind))
	}
}

func label(name, value string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String(name, value))
}
