package records

import (
	"bytes"
	"time"

	"github.com/rescind-dev/rescind/internal/skim"
)

// Days are the days of UTC that records are of, and when the first and the last is, as
// their timestamps say. The zero Days has none.
type Days struct {
	First, Last time.Time
	of          map[int64]bool // days since 1970
}

// day is how long one is.
const day = 24 * time.Hour

// Add adds all that is in more.
func (d *Days) Add(more Days) {
	if len(more.of) == 0 {
		return
	}
	d.Note(more.First)
	d.Note(more.Last)
	for n := range more.of {
		d.of[n] = true
	}
}

// Note adds a moment.
func (d *Days) Note(t time.Time) {
	if d.of == nil {
		d.of, d.First, d.Last = map[int64]bool{}, t, t
	}
	d.of[t.Unix()/int64(day/time.Second)] = true
	if t.Before(d.First) {
		d.First = t
	}
	if t.After(d.Last) {
		d.Last = t
	}
}

// Empty lists the first few days between the first and the last of which there is no
// record, and says how many there are.
func (d *Days) Empty(few int) (days []time.Time, n int) {
	for at := d.First.Truncate(day).Add(day); at.Before(d.Last); at = at.Add(day) {
		if d.of[at.Unix()/int64(day/time.Second)] {
			continue
		}
		if n++; n <= few {
			days = append(days, at)
		}
	}
	return days, n
}

func (d *Days) addText(text []byte) {
	if at, err := time.Parse(time.RFC3339Nano, string(text)); err == nil && at.Year() > 1 && at.Year() < 9999 {
		d.Note(at.UTC())
	}
}

// daily collects the days of a block. Records come nearly in order: most are of the day
// of the one before, and are neither the first nor the last of it by more than the text
// of their time says.
type daily struct {
	days        Days
	first, last []byte // as text, of one day
}

var (
	timeKey  = []byte(`"timestamp":"`)
	dateSize = len("2006-01-02T")
)

// add takes the time of a record, if it has one.
func (d *daily) add(record []byte) {
	text := timestamp(record)
	switch {
	case len(text) < dateSize:
		return
	case len(d.first) == 0 || !bytes.Equal(text[:dateSize], d.first[:dateSize]):
		d.flush()
		d.first, d.last = text, text
	case bytes.Compare(text, d.first) < 0:
		d.first = text
	case bytes.Compare(text, d.last) > 0:
		d.last = text
	}
}

// flush adds what was collected.
func (d *daily) flush() {
	d.days.addText(d.first)
	d.days.addText(d.last)
	d.first, d.last = nil, nil
}

// timestamp is the record's, as text. Google writes an entry's keys in their order, so
// that it is at the end, where nothing else has that name.
func timestamp(record []byte) []byte {
	const end = 160
	from := max(len(record)-end, 0)
	if i := bytes.LastIndex(record[from:], timeKey); i >= 0 {
		text := record[from+i+len(timeKey):]
		if n := bytes.IndexByte(text, '"'); n >= 0 {
			return text[:n]
		}
	}
	var text []byte
	skim.Object(record, []string{"timestamp"}, func(c *skim.Cursor, _ string) { text = c.Text() })
	return text
}
