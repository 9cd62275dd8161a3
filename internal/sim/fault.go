package sim

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

type fault struct {
	method string
	times  int
	err    error
	after  bool // the call takes effect first
}

// Fail makes the next calls of a method, on any face, end with a code and
// without effect. The method is the end of its full name: "SetIamPolicy" is
// every one of that name, "Services.SetIamPolicy" Cloud Run services' only.
// The methods of gcloud's face bear their v1 names ("v1.Services.ReplaceService").
func (c *Cloud) Fail(method string, times int, code codes.Code) {
	c.FailWith(method, times, status.Errorf(code, "%s: refused by the simulator", method))
}

// FailWith is Fail with an error of the caller's, for what an error's details say.
func (c *Cloud) FailWith(method string, times int, err error) {
	c.addFault(&fault{method: method, times: times, err: err})
}

// FailAfter makes the next writing calls of a method, rehearsals left out, take effect, and be
// logged, and then answer with a code: what a lost answer looks like to whoever
// made the call.
func (c *Cloud) FailAfter(method string, times int, code codes.Code) {
	c.addFault(&fault{method: method, times: times, err: status.Errorf(code, "%s: answer lost by the simulator", method), after: true})
}

func (c *Cloud) addFault(f *fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, f)
}

// NeverFinish makes no operation that begins from now on end by being watched;
// the next write to the same workload, or NeverFinish(false), lets go of that.
func (c *Cloud) NeverFinish(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.neverFinish = on
}

// RefuseToStart makes revisions that run as an identity never become ready
// from now on, as when the account may not read the image: the operation ends
// in an error and the revision before keeps serving.
func (c *Cloud) RefuseToStart(serviceAccount string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unstartable[serviceAccount] = true
}

// fault returns the injected error of a call, before or after its effect, if
// one is due.
func (c *Cloud) fault(method string, after bool) error {
	for _, f := range c.faults {
		if f.times > 0 && f.after == after && (f.method == method || strings.HasSuffix(method, "."+f.method)) {
			f.times--
			return f.err
		}
	}
	return nil
}

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
