package replay

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

// wrappings are the shapes in which log entries are often stored, and in
// which nothing of them can be seen, by a key that gives the shape away.
var wrappings = []struct {
	key string
	err error
}{
	{"message", errors.New("a Pub/Sub message, not a log entry: the entry is in its message.data, in base64")},
	{"entries", errors.New("an answer of the Logging API, not a log entry: the entries are in its entries")},
	{"protopayload_auditlog", errors.New("a row of a BigQuery sink, not a log entry: its fields have other names")},
	{"specversion", errors.New("a CloudEvent, not a log entry: the entry is in its data")},
}

var errNoEntry = errors.New("no log entry: it has none of logName, timestamp, insertId and protoPayload")

// decode is auditlog.Decode, except that it says of a record that is no log
// entry what it is.
func decode(raw []byte) (cloud.Change, error) {
	c, err := auditlog.Decode(raw)
	if errors.Is(err, auditlog.ErrNotChange) && !bytes.Contains(raw, payloadKey) || errors.Is(err, auditlog.ErrUnreadable) {
		if other := foreign(raw); other != nil {
			return cloud.Change{}, other
		}
	}
	return c, err
}

// payloadKey is in every audit-log entry that is none of ours; one that spells it
// otherwise is looked at.
var payloadKey = []byte(`"protoPayload"`)

// foreign says what an object is that is not a log entry at all. Without it a
// replay of the wrong kind of file would find nothing and say that all is well.
func foreign(raw []byte) error {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return nil //nolint:nilerr // no object at all: decoding it says what is wrong
	}
	has := func(key string) bool { _, ok := keys[key]; return ok }
	if has("protoPayload") {
		return nil
	}
	for _, w := range wrappings {
		if has(w.key) {
			return w.err
		}
	}
	if has("logName") || has("timestamp") || has("insertId") {
		return nil
	}
	return errNoEntry
}
