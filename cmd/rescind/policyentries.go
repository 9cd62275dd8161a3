package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/replay"
)

// entries is what a file of log entries holds.
type entries struct {
	*replay.Past
	records []replay.Record
}

func readEntries(ctx context.Context, factsPath string, in replay.Inputs) (*entries, error) {
	facts, err := readFacts(factsPath)
	if err != nil {
		return nil, err
	}
	h := &entries{}
	if h.Past, err = replay.Read(ctx, facts, in, func(r replay.Record) { h.records = append(h.records, r) }); err != nil {
		return nil, err
	}
	if len(h.Refused) > 0 {
		return nil, fmt.Errorf("read %s", h.Refused[0])
	}
	if len(h.records) == 0 {
		return nil, errors.New("there is no log entry in it")
	}
	return h, nil
}

// choose finds the change to explain, or says why what was asked for is none.
func (h *entries) choose(insertID string) (at int, why string, err error) {
	switch {
	case insertID != "":
		return h.byInsertID(insertID)
	case len(h.Changes) == 1:
		return 0, "", nil
	case len(h.Changes) > 1:
		return 0, "", usagef("there are %d changes in it; name one with --insert-id: %s", len(h.Changes), h.insertIDs())
	}
	for _, r := range h.records {
		if r.Err != nil {
			why, err = noChange(r)
		}
		if err != nil {
			return 0, "", err
		}
	}
	if why == "" {
		why = "its operation failed, or was a rehearsal"
	}
	if n := len(h.records); n > 1 {
		why = fmt.Sprintf("none of its %d entries is a change; of the last: %s", n, why)
	}
	return 0, why, nil
}

func (h *entries) byInsertID(id string) (at int, why string, err error) {
	for _, r := range h.records {
		if r.Change.InsertID != id {
			continue
		}
		if r.Err != nil {
			why, err = noChange(r)
			return 0, why, err
		}
		for i, c := range h.Changes {
			if c.ID == r.Change.ID {
				return i, "", nil
			}
		}
		return 0, "its operation failed, or was a rehearsal", nil
	}
	return 0, "", fmt.Errorf("no entry that could be a change has insertId %q", id)
}

// noChange says why a record is none. One that cannot be read is an error.
func noChange(r replay.Record) (string, error) {
	for _, fine := range []error{auditlog.ErrNotChange, auditlog.ErrFailedCall, auditlog.ErrRehearsal, auditlog.ErrUnknownMethod} {
		if errors.Is(r.Err, fine) {
			return r.Err.Error(), nil
		}
	}
	return "", fmt.Errorf("%s:%d: %w", r.Input, r.Line, r.Err)
}

func (h *entries) insertIDs() string {
	const few = 10
	var ids []string
	for _, c := range h.Changes {
		if len(ids) == few {
			ids = append(ids, "...")
			break
		}
		ids = append(ids, c.InsertID)
	}
	return strings.Join(ids, ", ")
}
