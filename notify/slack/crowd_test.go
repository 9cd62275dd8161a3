package slack_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
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
