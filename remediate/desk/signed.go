package desk

import (
	"context"
	"time"
)

// Signed is what a person decided, as it was signed for: a request of Slack's,
// or one that came through IAP. It travels as it is, so that whoever carries
// the answer out verifies it anew: to be able to publish is not to be able to
// decide.
type Signed struct {
	Kind string `json:"kind"` // SignedBySlack or SignedByIAP
	// Path is that of the endpoint it came to: "/slack/interactions".
	Path string `json:"path"`
	// Header holds the headers that the signature needs, and no others.
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
	// At is when it was published. A signature is judged by it, as an answer may
	// wait in the queue for longer than a signature lives.
	At time.Time `json:"-"`
}

// Who signs for what people decide.
const (
	SignedBySlack = "slack"
	SignedByIAP   = "iap"
)

// Courier takes signed requests to the process that carries them out. When Send
// returns nil the request is durable, and will be delivered at least once.
type Courier interface {
	Send(ctx context.Context, s Signed) error
}
