package push

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

// Deliver pushes one entry under a message id of the caller's choice; the
// same id twice is a redelivery. It tries again while the receiver is not
// there or answers anything that does not acknowledge, and returns the last
// status, which is 0 where the receiver was not there.
func (p *Pusher) Deliver(ctx context.Context, entry []byte, messageID string) (int, error) {
	return p.deliver(ctx, message{messageID, entry, p.opt.Now()})
}

func (p *Pusher) deliver(ctx context.Context, m message) (int, error) {
	pause := 100 * time.Millisecond
	for attempt := 1; ; attempt++ {
		code, err := p.post(ctx, m)
		switch {
		case err == nil && acknowledges(code):
			return code, nil
		case attempt == p.opt.Attempts && err == nil:
			return code, fmt.Errorf("push message %s: %d after %d attempts", m.id, code, attempt)
		case attempt == p.opt.Attempts:
			return code, fmt.Errorf("push message %s: %w", m.id, err)
		}
		if err := p.opt.Wait(ctx, pause); err != nil {
			return code, fmt.Errorf("push message %s: %w", m.id, err)
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// acknowledges reports the codes that Pub/Sub takes for an answer. A refusal
// is none: what answers 401 or 404 is sent the message again.
// https://cloud.google.com/pubsub/docs/push
func acknowledges(code int) bool {
	return slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}, code)
}

func (p *Pusher) post(ctx context.Context, m message) (int, error) {
	b, err := json.Marshal(envelope(m))
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.opt.URL, bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	token, err := p.Token()
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "CloudPubSub-Google")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := p.opt.Client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)) // or the connection is not used again
	return res.StatusCode, err
}

// envelope wraps an entry the way Pub/Sub pushes it, with the attribute a log
// sink sets. Both spellings of id and time are Pub/Sub's own.
func envelope(m message) map[string]any {
	at := m.at.UTC().Format(time.RFC3339Nano)
	return map[string]any{
		"subscription": "projects/ops/subscriptions/rescind-events",
		"message": map[string]any{
			"data":       m.entry, // JSON writes bytes in base64
			"attributes": map[string]string{"logging.googleapis.com/timestamp": at},
			"messageId":  m.id, "message_id": m.id, "publishTime": at, "publish_time": at,
		},
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
