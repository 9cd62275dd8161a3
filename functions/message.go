package functions

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
)

// message is one log entry on its way in, out of whichever envelope it came in.
type message struct {
	id    string // Pub/Sub's message id, or the CloudEvent's id; for logs
	entry []byte // the LogEntry, as JSON
}

// headerMessageID is on every push of a subscription with payload unwrapping
// that writes metadata. https://cloud.google.com/pubsub/docs/payload-unwrapping
const headerMessageID = "X-Goog-Pubsub-Message-Id"

// parse takes a request apart. An error is the sender's for good: the same
// bytes will be as wrong the next time. It never quotes the body, and what is
// known of the message is returned with it.
func parse(h http.Header, body []byte) (message, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return message{id: h.Get(headerMessageID)}, errors.New("the body is empty")
	}
	contentType, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case isCloudEvent(contentType, h):
		return parseCloudEvent(contentType, h, body)
	case h.Get(headerMessageID) != "":
		return message{h.Get(headerMessageID), body}, nil
	}
	return parsePush(body)
}

// push is the body of a Pub/Sub push, or a bare LogEntry, which has LogName.
// https://cloud.google.com/pubsub/docs/push#receive_push
type push struct {
	Message *struct {
		Data string `json:"data"`
		ID   string `json:"messageId"`
	} `json:"message"`
	LogName      json.RawMessage `json:"logName"`
	ProtoPayload json.RawMessage `json:"protoPayload"`
}

// parsePush reads a wrapped push. A subscription with payload unwrapping that
// writes no metadata sends the LogEntry and nothing else, so that is read too.
func parsePush(body []byte) (message, error) {
	var p push
	if err := json.Unmarshal(body, &p); err != nil {
		return message{}, explain(body, err)
	}
	if p.Message == nil {
		if p.LogName == nil && p.ProtoPayload == nil {
			return message{}, errors.New("the body is no Pub/Sub push (no message) and no log entry (no logName, no protoPayload)")
		}
		return message{entry: body}, nil
	}
	m := message{id: p.Message.ID}
	if p.Message.Data == "" {
		return m, errors.New("message.data is missing")
	}
	entry, err := base64.StdEncoding.DecodeString(p.Message.Data)
	if err != nil {
		return m, fmt.Errorf("message.data is not base64: %w", err)
	}
	m.entry = entry
	return m, nil
}

// explain says what is wrong with a body that encoding/json refused.
func explain(body []byte, err error) error {
	var wrongType *json.UnmarshalTypeError
	switch {
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")):
		return errors.New("the body is a JSON array, want one object")
	case errors.As(err, &wrongType) && wrongType.Field == "":
		return fmt.Errorf("the body is a JSON %s, want an object", wrongType.Value)
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s is a JSON %s", wrongType.Field, wrongType.Value)
	case cutOff(body):
		return fmt.Errorf("the body is cut off after %d bytes", len(body))
	}
	return fmt.Errorf("the body is not JSON: %w", err)
}

func cutOff(body []byte) bool {
	var v json.RawMessage
	err := json.NewDecoder(bytes.NewReader(body)).Decode(&v)
	return errors.Is(err, io.ErrUnexpectedEOF)
}
