package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// Event is one delivered message and what became of it.
type Event struct {
	Message  string
	Entry    []byte `json:"-"`
	Method   string
	Resource string
	Actor    string
	Time     string
	Status   int
	Outcome  string
	Findings []string // ids
}

// feed lists the events in the order they were delivered. Deliveries come
// one at a time, so the one that is under way is the last.
type feed struct {
	mu     sync.Mutex
	events []Event
}

func (f *feed) begin(entry []byte, messageID string) {
	var e struct {
		Timestamp    string
		ProtoPayload struct {
			MethodName, ResourceName string
			AuthenticationInfo       struct{ PrincipalEmail string }
		}
	}
	_ = json.Unmarshal(entry, &e) // for showing only: what cannot be read shows as nothing
	p := e.ProtoPayload
	f.mu.Lock()
	defer f.mu.Unlock()
	f.events = append(f.events, Event{
		Message: messageID, Entry: entry, Method: p.MethodName, Resource: p.ResourceName,
		Actor: p.AuthenticationInfo.PrincipalEmail, Time: e.Timestamp,
	})
}

func (f *feed) end(status int, err error) {
	f.last(func(e *Event) {
		e.Status = status
		if err != nil {
			e.Outcome = err.Error()
		}
	})
}

// counted is told what kind of message the receiver took it for.
func (f *feed) counted(kind string) {
	f.last(func(e *Event) {
		if kind != string(remediate.Owed) { // it may be judged by now
			e.Outcome = kind
		}
	})
}

func (f *feed) became(c cloud.Change, out remediate.Outcome) {
	if out.Kind == remediate.Owed {
		return // until it is judged
	}
	f.last(func(e *Event) {
		e.Resource, e.Outcome = c.Resource.Path(), string(out.Kind)
		for _, finding := range out.Findings {
			e.Findings = append(e.Findings, finding.ID)
		}
	})
}

func (f *feed) last(change func(*Event)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.events); n > 0 {
		change(&f.events[n-1])
	}
}

// all returns the events so far.
func (f *feed) all() []Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Event(nil), f.events...)
}

// Events are those delivered so far, in their order.
func (w *World) Events() []Event { return w.feed.all() }

// deliver pushes the entries to the receiver in order, as Pub/Sub would.
func (w *World) deliver(ctx context.Context) {
	for n := 1; ; n++ {
		entry, ok := w.queue.take()
		if !ok {
			return
		}
		w.push(ctx, entry, fmt.Sprintf("m-%d", n))
		w.queue.delivered()
	}
}

// push delivers one message and shows on the feed what came of it.
func (w *World) push(ctx context.Context, entry []byte, messageID string) {
	w.feed.begin(entry, messageID)
	status, err := w.Pusher.Deliver(ctx, entry, messageID)
	w.untilJudged(ctx)
	w.feed.end(status, err)
}

// untilJudged waits until rescind owes no change a judgement, for half a minute at most:
// a busy machine may take longer than the second within which one is judged at once.
func (w *World) untilJudged(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		n, err := w.App.Store().CountOwed(ctx, "")
		if n == 0 || err != nil || process.Wait(ctx, 20*time.Millisecond) != nil {
			return
		}
	}
}

// saw notes what the receiver made of the change being delivered.
func (w *World) saw(c cloud.Change, out remediate.Outcome) { w.feed.became(c, out) }
