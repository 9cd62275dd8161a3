package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/rescind-dev/rescind/internal/skim"
)

// The types of event that Eventarc delivers log entries in.
// https://cloud.google.com/eventarc/docs/reference/supported-events
const (
	auditLogWritten  = "google.cloud.audit.log.v1.written"             // data: the LogEntry
	messagePublished = "google.cloud.pubsub.topic.v1.messagePublished" // data: a wrapped push
)

func isCloudEvent(contentType string, h http.Header) bool {
	return strings.HasPrefix(contentType, "application/cloudevents") ||
		h.Get("Ce-Specversion") != "" || h.Get("Ce-Type") != ""
}

// structuredAs is the content type of a body that is a structured CloudEvent, or a batch of
// them, whatever its sender called it: some say application/json. Empty for any other.
func structuredAs(body []byte) string {
	begin := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(begin) > 0 && begin[0] == '[':
		first := bytes.TrimLeft(begin[1:], " \t\r\n")
		if isStructured(first[:skim.Length(first)]) {
			return event.ApplicationCloudEventsBatchJSON
		}
	case isStructured(begin):
		return event.ApplicationCloudEventsJSON
	}
	return ""
}

func isStructured(body []byte) bool {
	if !bytes.Contains(body, []byte(`"specversion"`)) { // nearly all are pushes
		return false
	}
	found := false
	skim.Object(body, []string{"specversion"}, func(*skim.Cursor, string) { found = true })
	return found
}

// parseBatch reads a batch. Each of its events is read and told for itself; one status
// answers for all, and so all come again where one has to.
func parseBatch(body []byte) (arrived, error) {
	var events []json.RawMessage
	if err := json.Unmarshal(body, &events); err != nil {
		return arrived{}, explain(body, err)
	}
	if len(events) == 0 {
		return arrived{}, errors.New("the batch holds no event")
	}
	var m arrived
	for _, raw := range events {
		const as = event.ApplicationCloudEventsJSON
		one, err := parseCloudEvent(as, http.Header{"Content-Type": {as}}, raw)
		one.published, one.err = time.Time{}, err
		m.batch = append(m.batch, one)
	}
	m.id = m.batch[0].id
	return m, nil
}

// parseCloudEvent reads one event in binary or structured mode, or a batch of them.
func parseCloudEvent(contentType string, h http.Header, body []byte) (arrived, error) {
	if contentType == event.ApplicationCloudEventsBatchJSON {
		return parseBatch(body)
	}
	e, err := readCloudEvent(contentType, h, body)
	if err != nil {
		return arrived{id: h.Get("Ce-Id")}, err
	}
	m := arrived{id: e.ID()}
	switch {
	case len(e.Data()) == 0:
		return m, errors.New("the CloudEvent has no data")
	case e.Type() == auditLogWritten:
		m.data = e.Data()
		return m, nil
	case e.Type() == messagePublished:
		return parsePush(e.Data())
	}
	return m, fmt.Errorf("the CloudEvent has type %q, want %q or %q", e.Type(), auditLogWritten, messagePublished)
}

func readCloudEvent(contentType string, h http.Header, body []byte) (*event.Event, error) {
	structured := strings.HasPrefix(contentType, "application/cloudevents")
	if structured {
		var v map[string]json.RawMessage
		if err := json.Unmarshal(body, &v); err != nil {
			return nil, explain(body, err)
		}
	}
	e, err := binding.ToEvent(context.Background(), newCEMessage(h, body))
	switch {
	case err != nil && structured:
		// The SDK's error quotes the body.
		return nil, errors.New("the body is no CloudEvent: specversion or another attribute is missing or wrong")
	case err != nil:
		return nil, fmt.Errorf("read CloudEvent headers: %w", err)
	}
	return e, validate(e)
}

// validate does what parsing leaves out: an event without id, source or type
// parses well. The SDK reports it as a map; here its keys are in order.
func validate(e *event.Event) error {
	err := e.Validate()
	var fields event.ValidationError
	if !errors.As(err, &fields) {
		return err
	}
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		problems = append(problems, name+": "+fields[name].Error())
	}
	return errors.New("the CloudEvent is not valid: " + strings.Join(problems, "; "))
}
