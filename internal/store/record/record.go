// Package record is the stored form of what a store keeps: one byte that names
// the format, then JSON. The stores share it, so that all of them keep and give
// back exactly the same.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// The formats, of which the first byte of a record names one. A record has the lowest
// that says all of it, so that neighbouring releases, which run side by side on one
// store during an upgrade, read what each other wrote wherever that loses nothing.
//
// A field that is new takes no new format: where it is empty nothing of it is stored,
// and where it is not, a release that does not know it refuses the record. A new format
// is for what says something else than before in words that were there before.
const (
	// plain is that of all records but findings, and of findings from before their
	// events held what the record says.
	plain byte = 1
	// sealing is that of findings. Releases that read format 1 alone would leave the
	// seals out when they store the finding again.
	sealing byte = 2
)

// How long a store keeps what nothing more can happen to, at least.
const (
	KeepEnded   = finding.KeepEnded
	KeepHandled = 35 * 24 * time.Hour // longer than the 31 days for which Pub/Sub can replay a message
)

// ForgetAt is from when on a store may forget the finding; zero for never: it
// has not ended.
func ForgetAt(f finding.Finding) time.Time { return f.ForgetAt() }

// Finding returns the stored form of a finding that is new, as Successor does.
func Finding(f finding.Finding) ([]byte, finding.Finding, error) {
	return Successor(f, finding.Finding{})
}

// Successor returns the stored form of f, which takes the place of old, and f as it
// reads back: nothing in it is shared with f, its times are in UTC, and its new events
// are sealed. A finding that could not be read back is refused here, before it is
// written.
func Successor(f, old finding.Finding) ([]byte, finding.Finding, error) {
	if f.ID == "" {
		return nil, finding.Finding{}, errors.New("encode finding: its id is empty")
	}
	if f.Misstep != "" {
		return nil, finding.Finding{}, fmt.Errorf("encode finding %s: %s", f.ID, f.Misstep)
	}
	b, stored, err := readBack(f)
	if err != nil || len(f.Timeline) <= len(old.Timeline) {
		return b, stored, err
	}
	// Sealed is what reads back: a byte that is no text would else be sealed as it came.
	// A seal is plain text, so that what is sealed reads back as it is.
	if stored, err = stored.Sealed(old); err != nil {
		return nil, finding.Finding{}, err
	}
	b, err = encodeFinding(stored)
	return b, stored, err
}

func readBack(f finding.Finding) ([]byte, finding.Finding, error) {
	b, err := encodeFinding(f)
	if err != nil {
		return nil, finding.Finding{}, err
	}
	stored, err := ReadFinding(b)
	return b, stored, err
}

func encodeFinding(f finding.Finding) ([]byte, error) {
	b, err := encode(sealing, f)
	if err != nil {
		return nil, fmt.Errorf("encode finding: %w", err)
	}
	return b, nil
}

// ReadFinding reads the stored form of a finding. One that a later release wrote, and of
// which this one does not know every field and every word, is an error matching
// fault.ErrLater.
func ReadFinding(b []byte) (finding.Finding, error) {
	var f finding.Finding
	err := decode(b, sealing, &f)
	if err == nil {
		err = f.Known()
	}
	if err != nil {
		return finding.Finding{}, fmt.Errorf("decode finding: %w", err)
	}
	for _, t := range times(&f) {
		*t = t.UTC()
	}
	return f, nil
}

// times are all the times of a finding. The conformance suite fills every
// field, so that one forgotten here is noticed.
func times(f *finding.Finding) []*time.Time {
	ts := []*time.Time{&f.Change.Time, &f.CreatedAt, &f.UpdatedAt, &f.EndedAt, &f.ExpiresAt, &f.DueAt, &f.PageAt, &f.PagedAt, &f.EscalatedAt, &f.UndeliveredSince, &f.ExecuteBy}
	for i := range f.Answers {
		ts = append(ts, &f.Answers[i].At, &f.Answers[i].Until)
	}
	if f.Exemption != nil {
		ts = append(ts, &f.Exemption.Until)
	}
	if f.Settled != nil {
		ts = append(ts, &f.Settled.First, &f.Settled.Last)
	}
	for i := range f.Retries {
		ts = append(ts, &f.Retries[i].At)
	}
	for i := range f.Timeline {
		ts = append(ts, &f.Timeline[i].At)
	}
	return ts
}

// Sighting returns the stored form of s.
func Sighting(s remediate.Sighting) ([]byte, error) {
	if s.Email == "" {
		return nil, errors.New("encode sighting: its e-mail is empty")
	}
	b, err := encode(plain, s)
	if err != nil {
		return nil, fmt.Errorf("encode sighting: %w", err)
	}
	return b, nil
}

// ReadSighting reads the stored form of a sighting.
func ReadSighting(b []byte) (remediate.Sighting, error) {
	var s remediate.Sighting
	if err := decode(b, plain, &s); err != nil {
		return remediate.Sighting{}, fmt.Errorf("decode sighting: %w", err)
	}
	s.At = s.At.UTC()
	return s, nil
}

// Pause returns the stored form of p, and p as it reads back.
func Pause(p desk.Pause) ([]byte, desk.Pause, error) {
	b, err := encode(plain, p)
	if err != nil {
		return nil, desk.Pause{}, fmt.Errorf("encode pause: %w", err)
	}
	stored, err := ReadPause(b)
	return b, stored, err
}

// ReadPause reads the stored form of a pause.
func ReadPause(b []byte) (desk.Pause, error) {
	var p desk.Pause
	if err := decode(b, plain, &p); err != nil {
		return desk.Pause{}, fmt.Errorf("decode pause: %w", err)
	}
	p.At, p.Until, p.DueAt = p.At.UTC(), p.Until.UTC(), p.DueAt.UTC()
	return p, nil
}

// Cell returns the stored form of c, and c as it reads back.
func Cell(c cells.Cell) ([]byte, cells.Cell, error) {
	if c.Name == "" {
		return nil, cells.Cell{}, errors.New("encode cell: its name is empty")
	}
	if !utf8.ValidString(c.Name) {
		return nil, cells.Cell{}, fmt.Errorf("encode cell %q: its name is no text", c.Name)
	}
	b, err := encode(plain, c)
	if err != nil {
		return nil, cells.Cell{}, fmt.Errorf("encode cell %q: %w", c.Name, err)
	}
	// As it reads back, without reading it: cells are written at every step of a revert.
	c.Value, c.KeepUntil = slices.Clone(c.Value), c.KeepUntil.UTC().Round(0)
	return b, c, nil
}

// ReadCell reads the stored form of a cell.
func ReadCell(b []byte) (cells.Cell, error) {
	var c cells.Cell
	if err := decode(b, plain, &c); err != nil {
		return cells.Cell{}, fmt.Errorf("decode cell: %w", err)
	}
	c.KeepUntil = c.KeepUntil.UTC()
	return c, nil
}

// Owed returns the stored form of c, and c as it reads back.
func Owed(c owed.Change) ([]byte, owed.Change, error) {
	if c.ID == "" || c.Place == "" {
		return nil, owed.Change{}, errors.New("encode owed change: its id or its place is empty")
	}
	// Without the escapes that only a browser needs: an entry that Logging takes has to fit
	// into what Firestore takes.
	var w bytes.Buffer
	w.WriteByte(plain)
	enc := json.NewEncoder(&w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return nil, owed.Change{}, fmt.Errorf("encode owed change %s: %w", c.ID, err)
	}
	b := bytes.TrimSuffix(w.Bytes(), []byte("\n"))
	stored, err := ReadOwed(b)
	return b, stored, err
}

// ReadOwed reads the stored form of an owed change. One that a later release wrote is an
// error matching fault.ErrLater.
func ReadOwed(b []byte) (owed.Change, error) {
	var c owed.Change
	err := decode(b, plain, &c)
	if err == nil {
		err = finding.ChangeKnown(c.Change)
	}
	if err != nil {
		return owed.Change{}, fmt.Errorf("decode owed change: %w", err)
	}
	c.Since, c.Change.Time = c.Since.UTC(), c.Change.Time.UTC()
	return c, nil
}

// Time returns the stored form of a point in time.
func Time(t time.Time) ([]byte, error) {
	b, err := encode(plain, t.UTC())
	if err != nil {
		return nil, fmt.Errorf("encode time: %w", err)
	}
	return b, nil
}

// ReadTime reads the stored form of a point in time.
func ReadTime(b []byte) (time.Time, error) {
	var t time.Time
	if err := decode(b, plain, &t); err != nil {
		return time.Time{}, fmt.Errorf("decode time: %w", err)
	}
	return t.UTC(), nil
}

func encode(format byte, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return append([]byte{format}, b...), nil
}

// decode reads a record of a format up to that one. One that a later release wrote, by
// its format or by a field that is not known here, is an error matching fault.ErrLater.
func decode(b []byte, upTo byte, v any) error {
	switch {
	case len(b) == 0:
		return errors.New("the record is empty")
	case b[0] > upTo:
		return fmt.Errorf("%w: it has format %d, this release reads up to %d", fault.ErrLater, b[0], upTo)
	case b[0] < plain:
		return fmt.Errorf("the record has format %d, and there is no such format", b[0])
	}
	return cells.Decode(b[1:], v)
}
