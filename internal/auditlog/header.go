package auditlog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// header reads what every change has: when, by whom, by which call.
func (e *envelope) header() (cloud.Change, error) {
	c := cloud.Change{
		InsertID:  e.InsertID,
		Operation: e.Operation.ID,
		Half:      e.Operation.half(),
		Service:   e.service,
		Method:    e.method,
		Actor:     e.Payload.Caller.actor(),
		UserAgent: e.Payload.RequestMetadata.UserAgent,
	}
	c.LogName, _ = e.LogName.(string)
	at, err := e.time()
	c.Time = at
	if err == nil {
		c.ID = e.id(at)
	}
	return c, err
}

// half tells which half of a long-running operation the entry is. A short
// operation writes one entry that is both, and some services mark neither.
func (o operation) half() cloud.Half {
	switch {
	case o.ID == "" || o.First == o.Last:
		return cloud.Whole
	case o.First:
		return cloud.FirstHalf
	}
	return cloud.LastHalf
}

// id is the same for what is one change: the halves of an operation, the
// pieces of a split entry, the deliveries of one entry. Cloud Logging itself
// tells entries apart by logName, timestamp and insertId.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
func (e *envelope) id(at time.Time) string {
	if e.Operation.half() != cloud.Whole {
		return "operation|" + e.service + "|" + e.Operation.ID
	}
	if s := e.split(); s.UID != "" {
		return "split|" + e.log + "|" + s.UID
	}
	if e.InsertID == "" || e.Timestamp == nil {
		return ""
	}
	return e.log + "|" + at.Format(time.RFC3339Nano) + "|" + e.InsertID
}

// time reads the timestamp, in UTC. Without one the time of reception serves,
// or none at all: the change then counts as stale, and is never acted upon
// without asking.
func (e *envelope) time() (time.Time, error) {
	if e.Timestamp == nil {
		received, err := parseTime(e.ReceiveTimestamp)
		if err != nil {
			return time.Time{}, nil //nolint:nilerr // there being no time is the answer
		}
		return received, nil
	}
	s, err := e.text("timestamp", e.Timestamp)
	if err != nil {
		return time.Time{}, err
	}
	at, err := parseTime(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%w: timestamp %s, want RFC 3339 like 2026-11-20T10:00:00.123456Z", ErrUnreadable, quote(s))
	}
	return at, nil
}

func parseTime(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, s)
	at = at.UTC()
	// An offset can carry the year out of what JSON can write back.
	if y := at.Year(); err == nil && (y < 1 || y > 9999) {
		err = fmt.Errorf("year %d", y)
	}
	return at, err
}

// status reports whether the call failed, and with which code. No status, an
// empty one, code 0 and a message without a code are all success; authors of
// sample data write the code as text.
func (e *envelope) status() (code string, failed bool, err error) {
	var status struct {
		Code any `json:"code"`
	}
	if len(e.Payload.Status) > 0 {
		if err := json.Unmarshal(e.Payload.Status, &status); err != nil {
			return "", false, fmt.Errorf("%w: %s", ErrUnreadable, wrongType("protoPayload.status", err))
		}
	}
	switch v := status.Code.(type) {
	case nil:
		return "", false, nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), v != 0, nil
	case string:
		return quote(v), v != "" && v != "0" && v != "OK", nil
	}
	return "", false, fmt.Errorf("%w: protoPayload.status.code is neither number nor text", ErrUnreadable)
}
