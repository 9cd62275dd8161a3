package functions

import (
	"net/http"
	"testing"
)

// FuzzParse throws bodies and headers at the envelope parser: it must return
// an entry or say why not, and must not panic.
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
			if (err == nil) != (len(m.entry) > 0) {
				t.Errorf("got %d bytes of entry with error %v, want one or the other", len(m.entry), err)
			}
		}
	})
}
