package functions

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// crowded is a server with room for few connections.
type crowded struct {
	*testing.T
	*connections
	addr string
	held chan struct{} // what GET /hold waits for
	in   chan struct{} // sent to by GET /hold
}

func newCrowded(t *testing.T, most int, within time.Duration) *crowded {
	c := &crowded{T: t, held: make(chan struct{}), in: make(chan struct{}, 100)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	mux.HandleFunc("POST /hold", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		c.in <- struct{}{}
		<-c.held
		fmt.Fprint(w, "held")
	})
	s := NewServer("", mux)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.addr, c.connections = l.Addr().String(), bound(l, s, most, within)
	served := make(chan error, 1)
	go func() { served <- s.Serve(c.connections) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return c
}

func (c *crowded) dial() net.Conn {
	c.Helper()
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { conn.Close() })
	return conn
}

// ask sends a request over the connection and returns the answer's body.
func (c *crowded) ask(conn net.Conn, path, body string) (string, error) {
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

func (c *crowded) open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.of)
}

func TestStrangersWhoConnectAndSendNothingOrHalfKeepNobodyOut(t *testing.T) {
	for name, sent := range map[string]string{
		"nothing":        "",
		"half a header":  "POST /echo HTTP/1.1\r\nHost:",
		"half a body":    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
		"a whole chunk,": "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := newCrowded(t, 4, 10*time.Millisecond)
			for range 12 {
				fmt.Fprint(c.dial(), sent)
			}
			for i := range 12 {
				if got, err := c.ask(c.dial(), "/echo", "hello"); got != "hello" || err != nil {
					t.Fatalf("request %d: %q, %v", i, got, err)
				}
			}
			if n := c.open(); n > 4 {
				t.Errorf("%d are open, want 4 at most", n)
			}
		})
	}
}

func TestConnectionsBetweenTwoRequestsGiveTheirPlaceUpAtOnce(t *testing.T) {
	c := newCrowded(t, 4, time.Hour)
	for i := range 20 { // and none is closed by whoever asked
		if got, err := c.ask(c.dial(), "/echo", "hello"); got != "hello" || err != nil {
			t.Fatalf("request %d: %q, %v", i, got, err)
		}
	}
}

func TestARequestThatCameWholeIsNotCutOff(t *testing.T) {
	c := newCrowded(t, 4, time.Millisecond)
	var all sync.WaitGroup
	for range 3 {
		conn := c.dial()
		all.Go(func() {
			if got, err := c.ask(conn, "/hold", "x"); got != "held" || err != nil {
				t.Errorf("a request that was worked on: %q, %v", got, err)
			}
		})
	}
	for range 3 {
		<-c.in
	}
	for range 10 {
		if got, err := c.ask(c.dial(), "/echo", "hello"); got != "hello" || err != nil {
			t.Errorf("one beside them: %q, %v", got, err)
		}
	}
	close(c.held)
	all.Wait()
}

func TestWhoComesWhereAllPlacesAreWorkedOnWaitsForOne(t *testing.T) {
	c := newCrowded(t, 2, time.Hour)
	var all sync.WaitGroup
	for range 2 {
		conn := c.dial()
		all.Go(func() { _, _ = c.ask(conn, "/hold", "x") })
	}
	for range 2 {
		<-c.in
	}
	late := make(chan string)
	conn := c.dial()
	go func() {
		got, err := c.ask(conn, "/echo", "hello")
		late <- fmt.Sprint(got, err)
	}()
	if n := c.open(); n != 2 {
		t.Errorf("%d are open, want 2", n)
	}
	close(c.held)
	all.Wait()
	if got := <-late; got != "hello<nil>" {
		t.Errorf("who waited got %s", got)
	}
}

func TestAServerWhosePlacesAreTakenStops(t *testing.T) {
	s := NewServer("", http.NotFoundHandler())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := bound(l, s, 1, time.Hour)
	served := make(chan error, 1)
	go func() { served <- s.Serve(b) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err != nil && !strings.Contains(err.Error(), "canceled") {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

// Nobody gives up a place for which nobody waits, however long it took.
func TestAFullServerClosesNothingWhileNobodyComes(t *testing.T) {
	c := newCrowded(t, 2, time.Nanosecond)
	slow, idle := c.dial(), c.dial()
	fmt.Fprint(slow, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
	for range 20 {
		if got, err := c.ask(idle, "/echo", "hello"); got != "hello" || err != nil {
			t.Fatalf("over a connection that is kept: %q, %v", got, err)
		}
	}
	fmt.Fprint(slow, "lo")
	res, err := http.ReadResponse(bufio.NewReader(slow), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("over a slow one: %v, %v", res, err)
	}
	res.Body.Close()
}
