// Package push is the end of Pub/Sub that pushes, simulated for the demo and
// for tests: log entries reach the receiver in the envelope, and with the
// identity token, in which a log sink's topic delivers them.
//
// It retries as a subscription does, though within seconds, and for a number of
// attempts instead of days. It keeps no queue: who calls Deliver decides the
// order, and what comes twice.
package push

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/sim/jwt"
)

// Options say where and how a Pusher delivers. URL, Audience and Account
// must be set.
type Options struct {
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
// message and posts it with an identity token, signed by Google's key.
// The key is served by JWKS, so that a receiver verifies the token the way it
// verifies Google's. https://cloud.google.com/pubsub/docs/push
type Pusher struct {
	opt Options
	key *jwt.Key
}

type message struct {
	id    string
	entry []byte
	at    time.Time
}

// googleKey signs for every Pusher of a process, as one of Google's does for whoever
// pushes: who it is stands in the token. To make one takes a tenth of a second.
var googleKey = sync.OnceValues(jwt.NewRS256)

// New returns a Pusher that signs with Google's key.
func New(o Options) (*Pusher, error) {
	if o.URL == "" || o.Audience == "" || o.Account == "" {
		return nil, errors.New("pusher: URL, Audience and Account are required")
	}
	key, err := googleKey()
	if err != nil {
		return nil, fmt.Errorf("pusher: %w", err)
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

// As returns a Pusher that is of another account, with the same key.
func (p *Pusher) As(account string) *Pusher {
	o := p.opt
	o.Account = account
	return &Pusher{opt: o, key: p.key}
}

// Token mints an identity token as Pub/Sub attaches one: of Google's issuer,
// valid for an hour, with the e-mail verified.
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
func (p *Pusher) Token() (string, error) {
	now := p.opt.Now()
	return p.key.Sign(map[string]any{
		"iss": "https://accounts.google.com", "aud": p.opt.Audience, "azp": p.opt.Account, "sub": "100000000000000000001",
		"email": p.opt.Account, "email_verified": true, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
}

// JWKS serves the public key, in the form of Google's certificate URL.
func (p *Pusher) JWKS() http.Handler { return p.key.JWKS() }
