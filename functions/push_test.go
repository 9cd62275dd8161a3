package functions

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pubsubs is a push as Pub/Sub writes it.
const pubsubs = `{"message":{"attributes":{"a":"b"},"data":"eyJsb2dOYW1lIjoibCJ9","messageId":"1","message_id":"1",` +
	`"publishTime":"2026-11-20T10:00:01.5Z","publish_time":"2026-11-20T10:00:01.5Z"},"subscription":"projects/p/subscriptions/s"}`

func TestAPushOfPubSubIsNotReadInFull(t *testing.T) {
	t.Parallel()
	m, ok := skimPush([]byte(pubsubs))
	if !ok || string(m.data) != `{"logName":"l"}` || m.id != "1" || m.published.IsZero() {
		t.Errorf("skimmed %t: %+v", ok, m)
	}
}

// FuzzSkimPush compares what is taken out of a push with what encoding/json reads in it.
func FuzzSkimPush(f *testing.F) {
	for _, body := range []string{
		pubsubs, `{"message":{"data":"e30=","Data":"e30K"}}`, `{"message":{"data":"e30="},"message":{}}`, `{"message":{"data":"e3\u0030="}}`,
		`{"message":{"data":"e3","messageId":1}}`, `{"message":{"data":"e30=","publishTime":7}}`, `{"message":{"data":"e30="}}}`, `{"logName":"l","message":null}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, ok := skimPush(body)
		if !ok {
			return
		}
		want, err := decodePush(body)
		if d := cmp.Diff(want, got, cmp.AllowUnexported(arrived{})); err != nil || d != "" {
			t.Errorf("%q: %v (-in full +skimmed):\n%s", body, err, d)
		}
	})
}
