// Package testevent is one log entry on its way to a rescind that serves: read from
// a file, made new, and posted as Pub/Sub pushes it.
package testevent

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

// Read returns the one log entry in what it reads: a JSON object, or a list of one,
// as gcloud writes it. No error repeats what is in it.
func Read(in io.Reader) (json.RawMessage, error) {
	b, err := io.ReadAll(io.LimitReader(in, functions.DefaultMaxBody+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > functions.DefaultMaxBody:
		return nil, fmt.Errorf("it has more than %d bytes, and no event is larger", functions.DefaultMaxBody)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var entry json.RawMessage
	if err := dec.Decode(&entry); err != nil {
		return nil, errors.New("it is not JSON: want one log entry")
	}
	var list []json.RawMessage
	if json.Unmarshal(entry, &list) == nil && list != nil {
		if len(list) != 1 {
			return nil, fmt.Errorf("it is a list of %d: want one log entry", len(list))
		}
		entry = list[0]
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the first entry: want one alone, such as head -n 1 of JSON Lines")
	}
	return entry, nil
}

// Renew returns the entry as if it had been logged at that time, under a new id; all else is as it was.
func Renew(entry json.RawMessage, now time.Time) (json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(entry, &keys); err != nil || keys == nil {
		return nil, errors.New("the entry is no JSON object")
	}
	for key, value := range map[string]string{
		"insertId": "rescind-test-" + rand.Text(), "timestamp": now.UTC().Format(time.RFC3339Nano), "receiveTimestamp": now.UTC().Format(time.RFC3339Nano),
	} {
		b, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		keys[key] = b
	}
	return json.Marshal(keys)
}
