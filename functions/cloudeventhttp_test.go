package functions

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/google/go-cmp/cmp"
)

// The SDK's own reader, which only tests link, reads the same out of a request.
func TestACloudEventIsReadAsTheSDKReadsIt(t *testing.T) {
	binary := func(more ...string) http.Header {
		h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"7"}, "Ce-Source": {"//x"}, "Ce-Type": {auditLogWritten}, "Content-Type": {"application/json"}}
		for i := 0; i < len(more); i += 2 {
			h[more[i]] = []string{more[i+1]}
		}
		return h
	}
	structured := http.Header{"Content-Type": {"application/cloudevents+json; charset=utf-8"}}
	for name, tt := range map[string]struct {
		h    http.Header
		body string
	}{
		"binary":                           {binary(), `{"a":1}`},
		"binary without a body":            {binary(), ""},
		"binary of the older version":      {binary("Ce-Specversion", "0.3"), `{}`},
		"binary of no known version":       {binary("Ce-Specversion", "9"), `{}`},
		"a time":                           {binary("Ce-Time", "2026-11-29T10:00:00Z"), `{}`},
		"a time that is none":              {binary("Ce-Time", "yesterday"), `{}`},
		"an extension":                     {binary("Ce-Traceparent", "00-1"), `{}`},
		"an extension of two words":        {binary("Ce-Two-Words", "x"), `{}`},
		"headers of HTTP":                  {binary("Authorization", "Bearer x", "X-Ce-Id", "8"), `{}`},
		"structured":                       {structured, `{"specversion":"1.0","id":"7","source":"//x","type":"t","data":{"a":1}}`},
		"structured with data in base64":   {structured, `{"specversion":"1.0","id":"7","source":"//x","type":"t","data_base64":"e30="}`},
		"structured without a version":     {structured, `{"id":"7"}`},
		"structured of another format":     {http.Header{"Content-Type": {"application/cloudevents+xml"}}, `<x/>`},
		"binary that says it's structured": {binary("Content-Type", "application/cloudevents+json"), `{"specversion":"1.0","id":"8","source":"//y","type":"t"}`},
		"a batch":                          {http.Header{"Content-Type": {"application/cloudevents-batch+json"}}, `[]`},
		"no CloudEvent":                    {http.Header{"Content-Type": {"application/json"}}, `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			want, wantErr := cloudevents.NewEventFromHTTPRequest(&http.Request{Header: tt.h, Body: io.NopCloser(bytes.NewReader([]byte(tt.body)))})
			got, err := binding.ToEvent(context.Background(), newCEMessage(tt.h, []byte(tt.body)))
			if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
				t.Fatalf("error is %v, the SDK's is %v", err, wantErr)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-SDK +ours):\n%s", diff)
			}
		})
	}
}

func TestWhatMakesTheSDKPanicIsNoAttribute(t *testing.T) {
	h := http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"7"}, "Ce-Source": {"//x"}, "Ce-Type": {"t"}, "Ce-": {"bare"}, "Ce-None": nil}
	e, err := binding.ToEvent(context.Background(), newCEMessage(h, []byte(`{}`)))
	if err != nil || e.ID() != "7" || len(e.Extensions()) != 0 {
		t.Errorf("%v, %v; want the event without extensions", e, err)
	}
}
