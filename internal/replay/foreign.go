package replay

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay/forms"
	"github.com/rescind-dev/rescind/internal/replay/records"
)

// examined is what one log entry says by itself.
type examined struct {
	change cloud.Change
	number numbered
	err    error
	form   string // what the entry was taken out of; empty for one that stood alone
}

// examine decodes a record: an entry, or what entries are wrapped in. Its error is that of
// what is no single JSON value.
func examine(r records.Record) ([]examined, error) {
	if r.Err != nil {
		return []examined{{err: r.Err}}, nil //nolint:nilerr // it is told where the record is counted
	}
	x := entry(r.Raw)
	whole := x.err == nil || errors.Is(x.err, auditlog.ErrNotChange) && bytes.Contains(r.Raw, payloadKey)
	if whole || !errors.Is(x.err, auditlog.ErrNotChange) && !errors.Is(x.err, auditlog.ErrUnreadable) {
		return []examined{x}, nil
	}
	if !json.Valid(r.Raw) {
		return []examined{x}, records.NotJSON()
	}
	return opened(r.Raw, x), nil
}

// payloadKey is in every audit-log entry that is none of ours; one that spells it
// otherwise is looked at.
var payloadKey = []byte(`"protoPayload"`)

func entry(raw []byte) examined {
	c, err := auditlog.Decode(raw)
	x := examined{change: c, err: err}
	if err == nil && c.Service == runService {
		x.number = numberOf(raw)
	}
	return x
}

// opened are the entries within a record that is none, or what is to be said of it. as is
// what came of taking it for one. Without this a replay of the wrong kind of file would
// find nothing and say that all is well.
func opened(raw []byte, as examined) []examined {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil || keys["protoPayload"] != nil {
		return []examined{as}
	}
	entries, form, err := forms.Open(raw)
	if errors.Is(err, forms.ErrNone) {
		return []examined{alone(keys, as, err)}
	}
	if err != nil {
		return []examined{{err: err}}
	}
	var out []examined
	for _, e := range entries {
		x := entry(e)
		x.form = form
		out = append(out, x)
	}
	return out
}

var errNoPayload = errors.New("protoPayload is missing, though the entry is of the activity log")

// alone says what is wrong with an entry that is not wrapped and has no payload.
func alone(keys map[string]json.RawMessage, as examined, none error) examined {
	var log string
	_ = json.Unmarshal(keys["logName"], &log) // of another type: no log
	switch {
	case keys["logName"] == nil && keys["timestamp"] == nil && keys["insertId"] == nil:
		as.err = none
	case auditlog.ActivityLog(log):
		as.err = errNoPayload
	}
	return as
}
