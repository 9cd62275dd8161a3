package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// slackResponses is where Slack's response URLs are. Anything else in a payload
// would make this service fetch an address of someone's choosing.
const slackResponses = "https://hooks.slack.com/"

// noteTimeout bounds one private note.
const noteTimeout = 3 * time.Second

// notes sends private notes to whoever clicked.
type notes struct {
	client *http.Client
	prefix string
}

func newNotes(prefix string) (notes, error) {
	if prefix == "" {
		prefix = slackResponses
	}
	u, err := url.Parse(prefix)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !strings.HasSuffix(prefix, "/") {
		return notes{}, fmt.Errorf("slack: the prefix of response URLs is %q, want http(s)://HOST/", prefix)
	}
	return notes{client: &http.Client{Timeout: noteTimeout, CheckRedirect: noRedirect}, prefix: prefix}, nil
}

// send answers the click in private, with Slack's markup. No error names the URL: it is a
// credential for half an hour.
// https://docs.slack.dev/interactivity/handling-user-interaction
func (n notes) send(ctx context.Context, to, text string) error {
	if !strings.HasPrefix(to, n.prefix) {
		return errors.New("send note: the response URL is not Slack's")
	}
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false, "text": text,
	})
	if err != nil {
		return fmt.Errorf("send note: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("send note: the response URL cannot be read")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := n.client.Do(req)
	if err != nil {
		return errors.New("send note: no answer")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("send note: HTTP %d", res.StatusCode)
	}
	return nil
}
