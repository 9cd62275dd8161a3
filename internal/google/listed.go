package google

import (
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
)

const (
	// listedLifetime is for how long a scan takes a workload as its list showed it: a
	// page is gone through in less.
	listedLifetime = time.Minute
	// maxListed is some pages, of which a scan goes through one at a time.
	maxListed = 500
)

// listings are workloads as a list showed them, each for the one scan that comes to it.
type listings struct {
	mu    sync.Mutex
	shown map[string]listing // by path
}

type listing struct {
	live proto.Message
	at   time.Time
}

func (l *listings) keep(path string, live proto.Message, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shown == nil || len(l.shown) >= maxListed {
		l.shown = map[string]listing{}
	}
	l.shown[path] = listing{live, at}
}

// take returns what was shown of the workload, nil where that was not, or not lately,
// and forgets it.
func (l *listings) take(path string, now time.Time) proto.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := l.shown[path]
	delete(l.shown, path)
	if now.Sub(shown.at) >= listedLifetime {
		return nil
	}
	return shown.live
}
