package functions

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/rescind-dev/rescind/internal/skim"
)

// push is the body of a Pub/Sub push, or a bare LogEntry, which has LogName.
// https://cloud.google.com/pubsub/docs/push#receive_push
type push struct {
	Message *struct {
		Data      string          `json:"data"`
		ID        string          `json:"messageId"`
		Published json.RawMessage `json:"publishTime"`
	} `json:"message"`
	LogName      json.RawMessage `json:"logName"`
	ProtoPayload json.RawMessage `json:"protoPayload"`
}

// parsePush reads a wrapped push. A subscription with payload unwrapping that
// writes no metadata sends the LogEntry and nothing else, so that is read too.
func parsePush(body []byte) (arrived, error) {
	if m, ok := skimPush(body); ok {
		return m, nil
	}
	return decodePush(body)
}

// skimPush reads a push as Pub/Sub writes it: every text that matters is there once,
// and has no escape. Anything else is for decodePush, which says what is wrong.
func skimPush(body []byte) (arrived, bool) {
	var data, id, published []byte
	whole := skim.Object(body, []string{"message"}, func(c *skim.Cursor, _ string) {
		c.Object([]string{"data", "messageId", "publishTime"}, func(c *skim.Cursor, name string) {
			switch name {
			case "data":
				data = c.Text()
			case "messageId":
				id = c.Text()
			case "publishTime":
				published = c.Text()
			}
		})
	})
	if !whole || len(data) == 0 {
		return arrived{}, false
	}
	entry := body[len(body):cap(body)] // the room behind it is the body's
	if n := base64.StdEncoding.DecodedLen(len(data)); n > len(entry) {
		entry = make([]byte, n)
	}
	n, err := base64.StdEncoding.Decode(entry, data)
	return arrived{id: string(id), data: entry[:n], published: instant(string(published))}, err == nil && n > 0
}

// decodePush is parsePush for every body.
func decodePush(body []byte) (arrived, error) {
	var p push
	if err := json.Unmarshal(body, &p); err != nil {
		return arrived{}, explain(body, err)
	}
	if p.Message == nil {
		if p.LogName == nil && p.ProtoPayload == nil {
			return arrived{}, errors.New("the body is no Pub/Sub push (no message) and no log entry (no logName, no protoPayload)")
		}
		return arrived{data: body}, nil
	}
	var published string
	_ = json.Unmarshal(p.Message.Published, &published)
	m := arrived{id: p.Message.ID, published: instant(published)}
	if p.Message.Data == "" {
		return m, errors.New("message.data is missing")
	}
	data, err := base64.StdEncoding.DecodeString(p.Message.Data)
	if err != nil {
		return m, fmt.Errorf("message.data is not base64: %w", err)
	}
	m.data = data
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
