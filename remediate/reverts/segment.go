package reverts

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

// Entry is the last word on the revert of one finding: that it counts, and for whom,
// or that it came to nothing and is given back.
type Entry struct {
	Finding string `json:"finding"`
	Policy  string `json:"policy"`
	Project string `json:"project,omitempty"`
	// Actor tells apart whose it was, in a few bytes. Empty in what a release without
	// it counted.
	Actor string    `json:"actor,omitempty"`
	At    time.Time `json:"at"`
	Back  bool      `json:"back,omitempty"`
}

const (
	// headCell holds the newest segment.
	headCell = "reverts"
	// segmentSize is how many entries a segment takes before the next one begins.
	segmentSize = 32
)

func segmentCell(number int64) string { return fmt.Sprint(headCell, "/", number) }

// segment is one part of the log. One that is full never changes.
type segment struct {
	Number int64 `json:"segment"` // each segment's is one more than that before; zero for none
	// Before is the time of the latest entry in all segments before this one.
	Before  time.Time `json:"before,omitzero"`
	Entries []Entry   `json:"entries"`
}

// latest is the time of the latest entry up to the end of the segment.
func (s segment) latest() time.Time {
	t := s.Before
	for _, e := range s.Entries {
		if e.At.After(t) {
			t = e.At
		}
	}
	return t
}

// head is the newest segment as it is stored: as a list of one. A release that keeps
// the last hour as a list of reverts finds fields in it that it does not know, and
// reverts nothing rather than to count apart from this one. What such a release
// counted is read as a segment without a number.
type head struct{ segment }

// MarshalJSON implements json.Marshaler.
func (h head) MarshalJSON() ([]byte, error) { return json.Marshal([]segment{h.segment}) }

// UnmarshalJSON implements json.Unmarshaler.
func (h *head) UnmarshalJSON(b []byte) error {
	var list []struct {
		segment
		Entry
	}
	if err := cells.Decode(b, &list); err != nil {
		return err
	}
	*h = head{}
	for _, e := range list {
		switch {
		case e.Number != 0 && len(list) > 1:
			return errors.New("a segment is not alone in its cell")
		case e.Number != 0:
			h.segment = e.segment
		default:
			h.Entries = append(h.Entries, e.Entry)
		}
	}
	return nil
}
