package sim

import "google.golang.org/protobuf/proto"

// staleRead is what reads of a resource show while they lag behind a write.
type staleRead struct {
	shown proto.Message
	left  int
}

// LagReads makes the first reads after every write of a workload or an allow
// policy show what was there before it, etag included, as eventual consistency
// does; each resource counts its own reads. 0 ends that for later writes.
func (c *Cloud) LagReads(reads int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lag = reads
}

// lags keeps what was there before a write for the reads that lag behind it.
func (c *Cloud) lags(key string, before proto.Message) {
	if c.lag == 0 {
		delete(c.stale, key)
		return
	}
	c.stale[key] = &staleRead{proto.Clone(before), c.lag}
}

// seen is what one read shows of what is stored.
func (c *Cloud) seen(key string, stored proto.Message) proto.Message {
	s := c.stale[key]
	if s == nil {
		return stored
	}
	if s.left--; s.left <= 0 {
		delete(c.stale, key)
	}
	return s.shown
}
