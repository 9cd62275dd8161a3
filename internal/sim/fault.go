package sim

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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
