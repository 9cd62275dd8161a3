package sim

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type fault struct {
	method string
	times  int
	code   codes.Code
}

// Fail makes the next calls of a method, on any face, end with a code and
// without effect. The method is the end of its full name: "SetIamPolicy" is
// every one of that name, "Services.SetIamPolicy" Cloud Run services' only.
// The methods of gcloud's face bear their v1 names ("v1.Services.ReplaceService").
func (c *Cloud) Fail(method string, times int, code codes.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, &fault{method, times, code})
}

// RefuseToStart makes revisions that run as an identity never become ready
// from now on, as when the account may not read the image: the operation ends
// in an error and the revision before keeps serving.
func (c *Cloud) RefuseToStart(serviceAccount string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unstartable[serviceAccount] = true
}

// fault returns the injected error of a call, if one is due.
func (c *Cloud) fault(method string) error {
	for _, f := range c.faults {
		if f.times > 0 && (f.method == method || strings.HasSuffix(method, "."+f.method)) {
			f.times--
			return status.Errorf(f.code, "%s: refused by the simulator", method)
		}
	}
	return nil
}
