package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// The types of the events are these with the state behind them, or what is said
// of a finding that nobody could be told of.
const (
	feedType        = "rescind.finding.v1."
	undeliveredType = feedType + "undelivered"
)

// Publisher takes one message; it is durable when Publish returns nil.
type Publisher interface {
	// Publish takes the data and what subscribers filter by.
	Publish(ctx context.Context, data []byte, attributes map[string]string) error
}

// Feed is an Exporter that publishes one CloudEvent for each change of a
// finding's state. It says who and what by name and by digest, and nothing of
// what a policy or a payload holds: those who read the feed are not those who
// may read the store.
type Feed struct {
	Source string // a URI: of this rescind's pages, or of its identity
	To     Publisher
}

// Decision is the data of an event. docs/feed.md explains each field.
type Decision struct {
	Finding  string `json:"finding"`
	Event    int    `json:"event"`
	State    string `json:"state"`
	Previous string `json:"previous,omitempty"`
	Policy   string `json:"policy"`
	Severity string `json:"severity"`
	Decision string `json:"decision"`
	Resource string `json:"resource"`
	Project  string `json:"project,omitempty"`
	Plan     string `json:"plan,omitempty"`
	Actor    string `json:"actor"`
	Decider  string `json:"decider,omitempty"`
	UndoOf   string `json:"undo_of,omitempty"`
	Hash     string `json:"hash,omitempty"`
}

// Export implements remediate.Exporter.
func (d Feed) Export(ctx context.Context, f finding.Finding, after int) error {
	var errs []error
	for i, e := range f.Timeline {
		previous := state.State("")
		if i > 0 {
			previous = f.Timeline[i-1].State
		}
		if i < after || e.State == previous {
			continue
		}
		id := fmt.Sprintf("%s-%d", f.ID, i+1)
		errs = append(errs, d.publish(ctx, feedType+string(e.State), id, e.At, decisionOf(f, i, previous)))
	}
	return errors.Join(errs...)
}

// ExportRecords implements remediate.Exporter: the feed is of findings alone.
func (d Feed) ExportRecords(context.Context, []trail.Record) error { return nil }

// Undelivered implements remediate.Fallback. The event is named by what the
// message would have been about, so that it comes once for each.
func (d Feed) Undelivered(ctx context.Context, f finding.Finding) error {
	last := len(f.Timeline) - 1
	if last < 0 {
		return nil
	}
	id := fmt.Sprintf("%s-%d-undelivered", f.ID, last+1)
	return d.publish(ctx, undeliveredType, id, f.UndeliveredSince, decisionOf(f, last, ""))
}

func decisionOf(f finding.Finding, i int, previous state.State) Decision {
	e := f.Timeline[i]
	return Decision{
		Finding: f.ID, Event: i + 1, State: string(e.State), Previous: string(previous), Policy: f.Policy, Severity: string(f.Severity),
		Decision: string(f.Decision), Resource: f.Resource.String(), Project: f.Resource.Project, Plan: e.Plan,
		Actor: f.Change.Actor.Principal, Decider: e.Who, UndoOf: f.UndoOf, Hash: e.Hash,
	}
}

// publish sends the event in structured mode: all of it is in the message's
// data, as those who take the feed into another system often keep nothing else.
// The type is an attribute as well, since subscriptions filter on attributes
// alone. https://github.com/googleapis/google-cloudevents/blob/main/docs/spec/pubsub.md
func (d Feed) publish(ctx context.Context, kind, id string, at time.Time, data Decision) error {
	e := event.New()
	e.SetType(kind)
	e.SetSource(d.Source)
	e.SetID(id)
	e.SetSubject(data.Finding)
	e.SetTime(at)
	if err := errors.Join(e.SetData(event.ApplicationJSON, data), e.Validate()); err != nil {
		return fmt.Errorf("make event %s: %w", id, err)
	}
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", id, err)
	}
	if err := d.To.Publish(ctx, b, map[string]string{"Content-Type": event.ApplicationCloudEventsJSON, "ce-type": kind}); err != nil {
		return fmt.Errorf("publish event %s: %w", id, err)
	}
	return nil
}
