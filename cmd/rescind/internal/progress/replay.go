package progress

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
)

// Replay tells on a terminal how far a replay is, and keeps what the process
// takes in bounds while it reads.
type Replay struct {
	to    *Line
	now   func() time.Time
	began time.Time
	told  time.Time
	calls int
	heap  []metrics.Sample
}

// NewReplay begins now, by that clock.
func NewReplay(to *Line, now func() time.Time) *Replay {
	return &Replay{to: to, now: now, began: now(), heap: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
}

// Tell is called after each half MiB of text.
func (r *Replay) Tell(p replay.Progress) {
	const seldom = 16
	if r.calls++; r.calls%seldom == 1 || p.Judging {
		r.bound(p.Judging)
	}
	const often = 100 * time.Millisecond
	at := r.now()
	if !r.told.IsZero() && at.Sub(r.told) < often && !p.Judging {
		return
	}
	r.told = at
	r.to.Now("%s", r.line(p, at))
}

// line says how far it is, with the time left where the size is known.
func (r *Replay) line(p replay.Progress, at time.Time) string {
	if p.Judging {
		return fmt.Sprintf("judging %d changes of %d records", p.Changes, p.Records)
	}
	passed := max(at.Sub(r.began).Seconds(), 1e-3)
	rate := float64(p.Read) / passed
	size, left := "", ""
	if p.Size > 0 {
		size = fmt.Sprintf(" of %s (%d %%)", amount(p.Size), min(100, 100*p.Read/p.Size))
		if rate > 0 {
			left = fmt.Sprintf(", %s left", time.Duration(float64(max(p.Size-p.Read, 0))/rate*1e9).Round(time.Second))
		}
	}
	return fmt.Sprintf("reading %s: %s%s, %s/s%s; %d records, %d changes; findings come when all is read",
		cmp.Or(p.Input, "-"), amount(p.Read), size, amount(int64(rate)), left, p.Records, p.Changes)
}

// amount is a number of bytes for a person.
func amount(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.0f kB", float64(n)/1e3)
}

// bound has garbage collected before there is more than headroom of it, while little is
// kept: left alone the heap doubles, and most of it would be entries that were read. Where
// much is kept, looking through it takes too long to be done that often.
func (r *Replay) bound(judging bool) {
	const headroom = 6 << 20
	metrics.Read(r.heap)
	if r.heap[0].Value.Kind() != metrics.KindUint64 {
		return
	}
	if judging { // what reading took is given back first
		debug.FreeOSMemory()
	}
	const some, much = 4 * headroom, 64 << 20
	percent := uint64(50)
	switch live := max(r.heap[0].Value.Uint64(), headroom); {
	case live < some:
		percent = 100 * headroom / live
	case live < much:
		percent = 25
	}
	debug.SetGCPercent(int(percent))
}
