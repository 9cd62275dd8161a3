package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// PusherOptions say where and how a Pusher delivers. URL, Audience and Account
// must be set.
type PusherOptions struct {
	URL      string // the receiver's /events
	Audience string // the token's audience
	Account  string // e-mail of the service account the token is from
	// Unordered delivers the newest waiting message first. Pub/Sub promises
	// no order, and a receiver must not need one.
	Unordered bool
	// Attempts is how often one message is tried; 5 where 0.
	Attempts int
	// Wait pauses before another attempt; nil waits for that long, or until
	// the context ends.
	Wait func(context.Context, time.Duration) error
	// Now is the clock of tokens and publish times. The receiver compares
	// them to its own; time.Now where nil.
	Now func() time.Time
	// Client sends; http.DefaultClient where nil.
	Client *http.Client
}

// Pusher is the end of Pub/Sub that pushes: it wraps a log entry as a push
// message and posts it with an identity token, signed by a key of its own.
// The key is served by JWKS, so that a receiver verifies the token the way it
// verifies Google's. https://cloud.google.com/pubsub/docs/push
type Pusher struct {
	opt PusherOptions
	key *rsa.PrivateKey

	mu        sync.Mutex
	waiting   []message
	published int
	wake      chan struct{} // holds one token while messages wait
}

type message struct {
	id    string
	entry []byte
	at    time.Time
}

// Delivery is what became of one message: the last HTTP status (0 where none
// was received), and an error unless the receiver took it.
type Delivery struct {
	MessageID string
	Status    int
	Err       error
}

// NewPusher returns a Pusher with a new key.
func NewPusher(o PusherOptions) (*Pusher, error) {
	if o.URL == "" || o.Audience == "" || o.Account == "" {
		return nil, errors.New("pusher: URL, Audience and Account are required")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make the pusher's key: %w", err)
	}
	o.Attempts = cmp.Or(o.Attempts, 5)
	o.Client = cmp.Or(o.Client, http.DefaultClient)
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Pusher{opt: o, key: key, wake: make(chan struct{}, 1)}, nil
}

// Publish lets an entry wait for Flush or Run and returns its message id. It
// never blocks: it may be a Cloud's Emit.
func (p *Pusher) Publish(entry []byte) (messageID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.published++
	id := strconv.Itoa(1_000_000 + p.published)
	p.waiting = append(p.waiting, message{id, entry, p.opt.Now()})
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return id
}

// Flush delivers what is waiting, and what is published meanwhile, until
// nothing waits or the context ends.
func (p *Pusher) Flush(ctx context.Context) []Delivery {
	var out []Delivery
	p.drain(ctx, func(d Delivery) { out = append(out, d) })
	return out
}

func (p *Pusher) drain(ctx context.Context, done func(Delivery)) {
	for ctx.Err() == nil {
		m, ok := p.pop()
		if !ok {
			return
		}
		code, err := p.deliver(ctx, m)
		done(Delivery{m.id, code, err})
	}
}

// Run delivers what is published until the context ends, and tells each
// delivery to done.
func (p *Pusher) Run(ctx context.Context, done func(Delivery)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		}
		p.drain(ctx, done)
	}
}

func (p *Pusher) pop() (message, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.waiting) == 0 {
		return message{}, false
	}
	at := 0
	if p.opt.Unordered {
		at = len(p.waiting) - 1
	}
	m := p.waiting[at]
	p.waiting = append(p.waiting[:at:at], p.waiting[at+1:]...)
	return m, true
}
