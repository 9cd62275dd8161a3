package functions

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// mostConnections is how many connections a server has open. Each takes some 40 KiB
	// once a request came over it, whether or not another follows.
	mostConnections = 500
	// sendWithin is for how long a connection may be open without a whole request, where
	// another waits for its place.
	sendWithin = time.Second
)

// Bound returns a listener for the server, which has to be s.Serve's. It has at most five
// hundred connections open; whoever comes then waits in the system's queue for the place
// of one that ends. Connections that are between two requests give theirs up at once, and
// those whose request did not come within a second, the longest there first: so strangers
// who connect and send nothing keep nobody out. A request that came whole is not cut off.
func Bound(l net.Listener, s *http.Server) net.Listener {
	return bound(l, s, mostConnections, sendWithin)
}

func bound(l net.Listener, s *http.Server, most int, within time.Duration) *connections {
	c := &connections{Listener: l, most: most, within: within, of: map[net.Conn]*connection{}, ended: make(chan struct{}, 1), closed: make(chan struct{})}
	s.ConnState = c.state
	s.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c.connection(conn))
	}
	s.Handler = whole(s.Handler)
	return c
}

// connections is a listener that bounds what is open.
type connections struct {
	net.Listener
	most   int
	within time.Duration
	ended  chan struct{} // sent to when a place may be free
	closed chan struct{}
	once   sync.Once

	mu sync.Mutex
	of map[net.Conn]*connection
}

// connection is one that is open.
type connection struct {
	all  *connections
	conn net.Conn
	is   connectionIs
	// since is from when on it is that.
	since time.Time
}

// connectionIs says what a connection is at, first those that give up their place first.
type connectionIs int

const (
	betweenRequests connectionIs = iota
	sendingRequest               // or is awaited to
	workedOn                     // its request is there as a whole
)

type connectionKey struct{}

// Accept implements net.Listener.
func (c *connections) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if err := c.place(); err != nil { // now that somebody waits for it
		return nil, errors.Join(err, conn.Close())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.of[conn] = &connection{c, conn, sendingRequest, time.Now()}
	return conn, nil
}

// Close implements net.Listener.
func (c *connections) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Listener.Close()
}

// place returns once there is a place.
func (c *connections) place() error {
	for {
		again := c.makeRoom()
		if again == 0 {
			return nil
		}
		wait := time.NewTimer(again)
		select {
		case <-c.ended:
		case <-wait.C:
		case <-c.closed:
			wait.Stop()
			return net.ErrClosed
		}
		wait.Stop()
	}
}

// makeRoom closes a connection if there is no place, and returns 0; or else after how
// long there may be one to close.
func (c *connections) makeRoom() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) < c.most {
		return 0
	}
	var first *connection
	for _, n := range c.of {
		if first == nil || n.is < first.is || n.is == first.is && n.since.Before(first.since) {
			first = n
		}
	}
	switch left := c.within - time.Since(first.since); {
	case first.is == workedOn:
		return c.within
	case first.is == sendingRequest && left > 0:
		return left
	}
	delete(c.of, first.conn)
	_ = first.conn.Close() // whoever reads of it is told
	return 0
}

func (c *connections) connection(conn net.Conn) *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[conn]
}

// state is the server's ConnState.
func (c *connections) state(conn net.Conn, s http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.of[conn]
	if n == nil { // its place was taken
		return
	}
	switch s {
	case http.StateIdle:
		n.is, n.since = betweenRequests, time.Now()
	case http.StateActive:
		n.is, n.since = sendingRequest, time.Now()
	case http.StateClosed, http.StateHijacked:
		delete(c.of, conn)
	}
	c.tell()
}

// tell has Accept look again.
func (c *connections) tell() {
	select {
	case c.ended <- struct{}{}:
	default:
	}
}

// came notes that the request is there as a whole.
func (n *connection) came() {
	n.all.mu.Lock()
	defer n.all.mu.Unlock()
	n.is = workedOn
}

// whole has each connection know when its request is there as a whole.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, ok := r.Context().Value(connectionKey{}).(*connection); ok && n != nil {
			if r.Body == nil || r.Body == http.NoBody {
				n.came()
			} else {
				r.Body = &wholeBody{r.Body, n}
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wholeBody is a body that tells when it ends.
type wholeBody struct {
	io.ReadCloser
	of *connection
}

func (b *wholeBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.of.came()
	}
	return n, err
}
