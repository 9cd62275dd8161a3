package slack_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A crowd of strangers sends as much as they may, but for the last byte.
func TestS18ACrowdOfStrangersTakesNoMoreThanItsRoomAndKeepsNobodyOut(t *testing.T) {
	o := newOffice(t)
	srv := httptest.NewServer(o.handler)
	defer srv.Close()
	const strangers, body = 300, 1 << 20
	head := fmt.Sprintf("POST /slack/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Slack-Request-Timestamp: %s\r\nX-Slack-Signature: v0=%s\r\n\r\n",
		body, stampOf(noon), strings.Repeat("0", 64))
	almost := bytes.Repeat([]byte("a"), body-1)

	before := inUse()
	var conns []net.Conn
	var all sync.WaitGroup
	for range strangers {
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		all.Go(func() {
			_ = c.SetWriteDeadline(time.Now().Add(10 * time.Second))
			_, _ = c.Write([]byte(head))
			_, _ = c.Write(almost) // fails for those who are turned away
		})
	}
	all.Wait()
	if more := inUse() - before; more > 80<<20 {
		t.Errorf("%d strangers took %d MiB", strangers, more>>20)
	}
	click := form(clickJSON(t, "", nil))
	if got := o.post(click, signed(stampOf(noon), click, signingSecret), "/slack/interactions"); got != http.StatusOK {
		t.Errorf("a click in the middle of it: HTTP %d", got)
	}
	for _, c := range conns {
		c.Close()
	}
}

func TestS18StrangersWhoStallKeepNoClickOut(t *testing.T) {
	for name, crowd := range map[string]struct{ strangers, sends int }{
		"sending nothing":                      {1600, 0},
		"sending little":                       {1600, 1},
		"sending as much as a click may":       {400, 64<<10 - 1},
		"sending more than there is room for":  {800, 64<<10 - 1},
		"sending large bodies that never come": {100, 512 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			stall(t, o.handler, crowd.strangers, crowd.sends)
			click := form(clickJSON(t, "", nil))
			if got := o.post(click, signed(stampOf(noon), click, signingSecret), "/slack/interactions"); got != http.StatusOK {
				t.Errorf("a click in the middle of it: HTTP %d", got)
			}
		})
	}
}

// Their requests end when they are cut off, not when their time is up: what they sent
// is held until then.
func TestS18WhoIsCutOffForAClickIsReadNoLonger(t *testing.T) {
	o := newOffice(t)
	const strangers, sends, room = 700, 64<<10 - 1, 40 << 20
	var deadlines atomic.Int32
	stall(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.handler.ServeHTTP(&deadlined{w, &deadlines}, r)
	}), strangers, sends)
	if cut, want := int(deadlines.Load())-strangers, strangers-room/(sends+1); cut < want {
		t.Errorf("%d of %d strangers had their reading ended, want %d or more", cut, strangers, want)
	}
}

// deadlined counts how often somebody is told until when to send.
type deadlined struct {
	http.ResponseWriter
	set *atomic.Int32
}

func (d *deadlined) SetReadDeadline(t time.Time) error {
	d.set.Add(1)
	return http.NewResponseController(d.ResponseWriter).SetReadDeadline(t)
}

// stall has strangers send so many bytes each, and then nothing. It returns when each
// of them was read so far, or was answered.
func stall(t *testing.T, h http.Handler, strangers, sends int) {
	t.Helper()
	var settled, sent sync.WaitGroup
	settled.Add(strangers)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		once := sync.OnceFunc(settled.Done)
		defer once()
		r.Body = &watched{ReadCloser: r.Body, left: sends, read: once}
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	head := fmt.Sprintf("POST /slack/interactions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Slack-Request-Timestamp: %s\r\nX-Slack-Signature: v0=%s\r\n\r\n",
		sends+1, stampOf(noon), strings.Repeat("0", 64))
	request := append([]byte(head), bytes.Repeat([]byte("a"), sends)...)
	for range strangers {
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		sent.Go(func() { _, _ = c.Write(request) }) // fails for those who are turned away
	}
	sent.Wait()
	settled.Wait()
}

// watched is a body that tells when somebody waits for more of it than will come.
type watched struct {
	io.ReadCloser
	left int
	read func()
}

func (w *watched) Read(p []byte) (int, error) {
	if w.left == 0 {
		w.read()
	}
	n, err := w.ReadCloser.Read(p)
	w.left -= n
	return n, err
}

func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestS18StrangersWithoutASignatureAreTurnedAwayUnread(t *testing.T) {
	o := newOffice(t)
	for name, h := range map[string]http.Header{
		"no headers":             {},
		"a time long ago":        signed(stampOf(noon.Add(-time.Hour)), nil, signingSecret),
		"a signature of no form": {"X-Slack-Request-Timestamp": {stampOf(noon)}, "X-Slack-Signature": {"v0=1"}},
	} {
		read := &untouched{}
		r := httptest.NewRequest(http.MethodPost, "/slack/interactions", read)
		r.Header = h
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		if w.Code != http.StatusUnauthorized || read.touched {
			t.Errorf("%s: HTTP %d, the body was read: %t; want 401 and no", name, w.Code, read.touched)
		}
	}
}

// untouched is a body that should not be read.
type untouched struct{ touched bool }

func (u *untouched) Read([]byte) (int, error) {
	u.touched = true
	return 0, fmt.Errorf("read")
}
