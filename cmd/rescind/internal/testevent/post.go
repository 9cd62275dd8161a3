package testevent

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

// CheckReceiver says what is wrong with the address, or nil. The token goes to whom it
// is good for alone: who gets it can push events as Pub/Sub for an hour.
func CheckReceiver(to, audience string) error {
	if err := functions.CheckPrivate(to); err != nil {
		return fmt.Errorf("it %w", err)
	}
	at, err := url.Parse(to)
	if err != nil || at.User != nil {
		return errors.New("it has a name or a password in it: the token is all that is taken")
	}
	if functions.CheckPrivate("http://"+at.Host) == nil { // on this machine
		return nil
	}
	if a, err := url.Parse(audience); err != nil || a.Host == "" || a.Host != at.Host {
		return fmt.Errorf("it is on %s, and push.audience is %q: whoever is at another host could push with the token for an hour; want the host of push.audience, or --topic", at.Host, audience)
	}
	return nil
}

// Post pushes the entry to the address with the token, and returns what was answered.
func Post(ctx context.Context, to, token string, entry []byte) (int, error) {
	at, id := time.Now().UTC().Format(time.RFC3339Nano), "rescind-test-"+rand.Text()
	body, err := json.Marshal(map[string]any{
		"subscription": "rescind event push",
		"message": map[string]any{
			"data":       entry, // JSON writes bytes in base64
			"attributes": Attributes(), "messageId": id, "message_id": id, "publishTime": at, "publish_time": at,
		},
	})
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// Attributes are what the sink sets, so far as anybody reads it.
func Attributes() map[string]string {
	return map[string]string{"logging.googleapis.com/timestamp": time.Now().UTC().Format(time.RFC3339Nano)}
}

// Taken reports the codes that Pub/Sub takes for an answer; all others bring a
// message back. https://cloud.google.com/pubsub/docs/push
func Taken(status int) bool {
	return slices.Contains([]int{http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent}, status)
}

// Meaning is what a status of the receiver says about the way there.
func Meaning(status int) string {
	switch {
	case status == http.StatusNoContent:
		return "taken. What came of it is in the log of serve and in rescind findings list; nothing, where no policy objects to what is live"
	case Taken(status):
		return "taken, but rescind answers 204: something else may be there"
	case status == http.StatusUnauthorized:
		return "rescind does not take the token: compare push.audience, push.service_account and push.certs_url with what it runs with"
	case status == http.StatusForbidden:
		return "Cloud Run let the account not through: it takes roles/run.invoker on the service"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return "nothing takes events there: the path is /events, of a process whose role is all or worker"
	case status == http.StatusServiceUnavailable, status == http.StatusTooManyRequests:
		return "it could not be taken now, and Pub/Sub would bring it again: the log of serve says why"
	case status >= 300 && status < 400:
		return "it leads elsewhere, where Pub/Sub does not follow: is a login (IAP) before it?"
	}
	return "rescind does not answer so: see what else is before it"
}
