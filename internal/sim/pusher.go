package sim

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// PusherOptions say where and how a Pusher delivers. URL, Audience and Account
// must be set.
type PusherOptions struct {
	URL      string // the receiver's /events
	Audience string // the token's audience
	Account  string // e-mail of the service account the token is from
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
}

type message struct {
	id    string
	entry []byte
	at    time.Time
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
	return &Pusher{opt: o, key: key}, nil
}

// At returns a Pusher that delivers elsewhere, with the same key.
func (p *Pusher) At(url string) *Pusher {
	o := p.opt
	o.URL = url
	return &Pusher{opt: o, key: p.key}
}
