package functions

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse throws bodies and headers at the envelope parser: it must return
// data or say why not, and must not panic.
func FuzzParse(f *testing.F) {
	for _, body := range []string{
		"", "null", "[", `{"message":{"data":"e30=","messageId":"1"},"subscription":"s"}`, `{"message":{"data":"="}}`,
		`{"logName":"l"}`, `{"specversion":"1.0","id":"1","source":"s","type":"` + auditLogWritten + `","data":{}}`,
		`{"specversion":"1.0","id":"1","source":"s","type":"` + messagePublished + `","data_base64":"IA=="}`,
	} {
		for _, contentType := range []string{"application/json", "application/cloudevents+json"} {
			f.Add([]byte(body), contentType, "Ce-Type", messagePublished)
			f.Add([]byte(body), contentType, headerMessageID, "m1")
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType, name, value string) {
		h := http.Header{"Content-Type": {contentType}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"s"}}
		for _, specversion := range []string{"1.0", ""} {
			h.Set("Ce-Specversion", specversion)
			h.Set(name, value)
			m, err := parse(h, body)
			if (err == nil) != (len(m.data) > 0) {
				t.Errorf("got %d bytes of data with error %v, want one or the other", len(m.data), err)
			}
		}
	})
}

// FuzzEnvelopes puts one message into every envelope: what arrives must be that
// message, whichever it came in, but for the time in a CloudEvent.
func FuzzEnvelopes(f *testing.F) {
	f.Add([]byte(`{"logName":"l"}`), "m1", int64(1_795_000_000), int64(5e8))
	f.Add([]byte(`{"message":{"data":"e30="}}`), "application/cloudevents", int64(0), int64(1))
	f.Add([]byte("\xff\x00"), "\\\"", int64(-1), int64(0))
	f.Fuzz(func(t *testing.T, data []byte, id string, sec, nano int64) {
		id = strconv.QuoteToASCII(id)
		at := time.Unix(sec%1e11, nano%1e9).UTC()
		if len(bytes.TrimSpace(data)) == 0 || at.Year() < 0 || at.Year() > 9999 {
			t.Skip("no message that Pub/Sub could send")
		}
		sent := arrived{id: id, data: data, published: at}
		for name, r := range envelopes(t, sent) {
			want := sent
			if strings.Contains(name, "event") {
				want.published = time.Time{} // the publisher may have made the event up
			}
			got, err := parse(r.header, r.body)
			if d := cmp.Diff(want, got, cmp.AllowUnexported(arrived{})); err != nil || d != "" {
				t.Errorf("%s: error %v (-want +got):\n%s", name, err, d)
			}
		}
	})
}

type posted struct {
	header http.Header
	body   []byte
}

// envelopes are the ways in which Pub/Sub and Eventarc post a message.
func envelopes(t *testing.T, m arrived) map[string]posted {
	type object map[string]any
	marshal := func(v any) []byte {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	published := m.published.Format(time.RFC3339Nano)
	push := object{"message": object{"data": m.data, "messageId": m.id, "publishTime": published}, "subscription": "s"}
	event := func(key string, data any) []byte {
		return marshal(object{"specversion": "1.0", "id": "e1", "source": "s", "type": messagePublished, key: data})
	}
	structured := http.Header{"Content-Type": {"application/cloudevents+json"}}
	inHeaders := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"e1"}, "Ce-Source": {"s"}, "Ce-Type": {messagePublished}}
	return map[string]posted{
		"a wrapped push":                          {http.Header{"Content-Type": {"application/json"}}, marshal(push)},
		"an unwrapped push":                       {http.Header{headerMessageID: {m.id}, headerPublishTime: {published}}, m.data},
		"a structured event":                      {structured, event("data", push)},
		"an event with its data in base64":        {structured, event("data_base64", marshal(push))},
		"an event in headers, of no content type": {inHeaders, marshal(push)},
	}
}

// An event is not refused for a time that nobody asks it for.
func TestATimeOfPublishingThatCannotBeReadIsNone(t *testing.T) {
	for _, published := range []string{`"yesterday"`, `7`, `{}`, `null`, `""`, `"2026-11-22"`} {
		m, err := parse(nil, []byte(`{"message":{"data":"e30=","messageId":"m1","publishTime":`+published+`}}`))
		if err != nil || string(m.data) != "{}" || !m.published.IsZero() {
			t.Errorf("%s: %q published at %v, error %v", published, m.data, m.published, err)
		}
	}
	m, err := parse(http.Header{headerMessageID: {"m1"}, headerPublishTime: {"yesterday"}}, []byte("{}"))
	if err != nil || !m.published.IsZero() {
		t.Errorf("in a header: published at %v, error %v", m.published, err)
	}
}
