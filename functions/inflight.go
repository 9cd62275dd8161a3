package functions

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// What pushes may be worked on at once. One that is turned away costs Pub/Sub another
// delivery, and nothing else; one that waits here holds its body and a connection.
const (
	mostInFlight  = 128
	bytesInFlight = 32 << 20
	// turnedAwayEvery is how often the log is told of those that were turned away.
	turnedAwayEvery = time.Minute
)

// inFlight bounds the pushes that are worked on at once, in number and in bytes.
type inFlight struct {
	most     int
	mostSize int64

	mu   sync.Mutex
	n    int
	size int64
	away int       // turned away since the log was told
	told time.Time // when the log was told
	now  func() time.Time
	tell func(away int) // tells the log
}

func newInFlight(what string, log *slog.Logger) *inFlight {
	return &inFlight{most: mostInFlight, mostSize: bytesInFlight, now: time.Now, tell: func(away int) {
		log.WarnContext(context.Background(), "too many pushes at once, they will come again", "of", what, "turned_away", away)
	}}
}

// enter lets a push in, unless there is no room for it: then it is to come again. A body
// of which nobody says how long it is counts for the longest.
func (f *inFlight) enter(r *http.Request, longest int64) (leave func(), ok bool) {
	size := r.ContentLength
	if size < 0 || size > longest {
		size = longest
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n >= f.most || f.size+size > f.mostSize {
		if f.away++; f.now().Sub(f.told) >= turnedAwayEvery {
			f.tell(f.away)
			f.away, f.told = 0, f.now()
		}
		return nil, false
	}
	f.n++
	f.size += size
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.n--
		f.size -= size
	}, true
}
