package functions

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

const (
	// DefaultMaxBody is the largest body of an event, in bytes, where
	// EventsConfig says nothing. A log entry has at most 256 KiB
	// (https://cloud.google.com/logging/quotas), and base64 adds a third.
	DefaultMaxBody = 1 << 20
	// maxAnswer is above any push of a signed request: the endpoints that
	// people reach take a body of 1 MiB, which is in base64 twice.
	maxAnswer = 2 << 20
	// usualBody is the room that is made for a body before any of it is read; nearly
	// all of them fit, and a sender who promises more and sends nothing takes no more.
	usualBody = 64 << 10
	// maxPush is above any push: a Pub/Sub message has at most 10 MB
	// (https://cloud.google.com/pubsub/quotas), and base64 adds a third.
	maxPush = 16 << 20
)

// These are on every push of a subscription with payload unwrapping that writes
// metadata. https://cloud.google.com/pubsub/docs/payload-unwrapping
const (
	headerMessageID   = "X-Goog-Pubsub-Message-Id"
	headerPublishTime = "X-Goog-Pubsub-Publish-Time"
)

// arrived is one message, out of whichever envelope it came in.
type arrived struct {
	id   string // Pub/Sub's message id, or the CloudEvent's id; for logs
	data []byte // a LogEntry or a signed request, as JSON
	// published is when Pub/Sub took the message; zero where the envelope does not
	// say it, not in RFC 3339, or where whoever published may have written it: in a
	// CloudEvent, which they can imitate. Only answers need it, so that is no reason
	// to refuse an event.
	published time.Time
	// batch are the events of a batch of CloudEvents, and err is why one of them cannot be
	// read; a message of its own has neither.
	batch []arrived
	err   error
}

// receive reads the message of a request of at most limit bytes, and returns as
// much of it as is known with an error: a droppedError that is the sender's for
// good, and any other when the message may be read another time. The message is
// in the room, which belongs to it from then on.
func receive(w http.ResponseWriter, r *http.Request, limit int64, room *bytes.Buffer) (arrived, error) {
	unread := arrived{id: r.Header.Get(headerMessageID)}
	read := room
	size := int(min(limit, usualBody, max(0, r.ContentLength)))
	read.Grow(size + size*3/4 + bytes.MinRead) // and what base64 in it makes
	_, err := read.ReadFrom(http.MaxBytesReader(w, r.Body, limit))
	body := read.Bytes()
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		// Answered while it still sends, the sender may see a broken
		// connection instead of the 204, and would send it all again.
		_, _ = io.CopyN(io.Discard, r.Body, maxPush)
		return unread, &droppedError{kind: KindTooLarge, err: fmt.Errorf("the body is larger than %d bytes", limit)}
	case err != nil: // the sender hung up, or was too slow
		return unread, fmt.Errorf("read body: %w", err)
	}
	m, err := parse(r.Header, body)
	if err != nil {
		return m, &droppedError{kind: KindBadMessage, err: err}
	}
	return m, nil
}

// parse takes a request apart. An error is the sender's for good: the same
// bytes will be as wrong the next time. It never quotes the body, and what is
// known of the message is returned with it.
//
// What only Pub/Sub writes is asked for first: on an unwrapped push the attributes
// of the message are headers as well, and so whoever publishes chooses every other
// header and the body. Without metadata its body is all there is, and one that
// imitates a wrapped push is taken for one.
func parse(h http.Header, body []byte) (arrived, error) {
	m := arrived{id: h.Get(headerMessageID)}
	if len(bytes.TrimSpace(body)) == 0 {
		return m, errors.New("the body is empty")
	}
	contentType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case unwrapped(h):
		m.data = body
		m.published = publishedAt(h)
		return m, nil
	case isCloudEvent(contentType, h):
		m, err := parseCloudEvent(contentType, h, body)
		m.published = time.Time{}
		return m, err
	}
	if as := structuredAs(body); as != "" {
		m, err := parseCloudEvent(as, http.Header{"Content-Type": {as}}, body)
		m.published = time.Time{}
		return m, err
	}
	return parsePush(body)
}

func unwrapped(h http.Header) bool {
	return len(h.Values(headerMessageID)) > 0 || len(h.Values(headerPublishTime)) > 0
}

// publishedAt is the time in the header of an unwrapped push. Of two, one would be
// an attribute of the same name, and so the publisher's.
func publishedAt(h http.Header) time.Time {
	if v := h.Values(headerPublishTime); len(v) == 1 {
		return instant(v[0])
	}
	return time.Time{}
}

// instant is the time in RFC 3339; zero for any other text.
func instant(s string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, s)
	return t
}
