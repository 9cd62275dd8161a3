package slack_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// plugged is an office that takes what happens over a socket.
type plugged struct {
	*office
	waits chan time.Duration // how long it waited before it connected again
}

func newPlugged(t *testing.T, change ...func(*slack.ReceiverConfig)) *plugged {
	t.Helper()
	p := &plugged{newOffice(t, change...), make(chan time.Duration, 10)}
	p.Connect(p.url, "http://127.0.0.1:1/") // nothing can be posted
	s, err := slack.NewSocket(p.receiver, slack.SocketConfig{AppToken: "xapp-sim", Wait: func(ctx context.Context, d time.Duration) error {
		select {
		case p.waits <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return p
}

// connected waits until the socket is there.
func (p *plugged) connected(t *testing.T) {
	t.Helper()
	for range 500 {
		if p.Connected() {
			return
		}
		select {
		case <-p.waits:
		case <-time.After(10 * time.Millisecond):
		}
	}
	t.Fatalf("no socket:\n%s", p.logs.String())
}

func TestASocketTakesWhatWouldOtherwiseBePosted(t *testing.T) {
	p := newPlugged(t)
	p.connected(t)
	f := p.show(t, publicService())
	p.click(t, "U01", f, "rescind.revert")
	if len(p.answers.got) != 1 {
		t.Errorf("after the acknowledgement there are %d answers", len(p.answers.got))
	}
	v := p.opened(t, "U01", f, "rescind.keep")
	p.answers.fail = &finding.RefusedError{Why: "no"}
	if err := p.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil || p.Views()[0].Errors["reason"] == "" {
		t.Errorf("a refused form: %v, %+v", err, p.Views())
	}
	p.answers.fail = nil
	if err := p.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil || len(p.Views()) != 0 || len(p.answers.got) != 2 {
		t.Errorf("a form: %v, %d answers", err, len(p.answers.got))
	}
	p.click(t, "U02", f, "rescind.revert")
	if notes := p.notes(); len(notes) != 1 || !strings.Contains(notes[0], "you are not among those") {
		t.Errorf("notes %v", notes)
	}
	if got := p.answerTo(t, "U01", "pending"); !strings.Contains(got, "anyone on the internet can invoke api") {
		t.Errorf("a command: %q", got)
	}
	p.home(t, "U01")
}

func TestWhatCouldNotBeAnsweredIsNotAcknowledged(t *testing.T) {
	p := newPlugged(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = "" })
	p.connected(t)
	f := p.show(t, publicService())
	p.fail(500, "chat.postEphemeral", "conversations.open")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := p.Click(ctx, "U02", "C01PAY", f.Surfaces[0].ID, "rescind.revert")
	if err == nil || !strings.Contains(err.Error(), "did not acknowledge") {
		t.Errorf("click: %v", err)
	}
}

func TestASocketConnectsAgain(t *testing.T) {
	p := newPlugged(t)
	p.connected(t)
	for _, cut := range []bool{false, true} {
		p.Disconnect(cut)
		p.connected(t)
	}
	p.click(t, "U01", p.show(t, publicService()), "rescind.revert")
	if len(p.answers.got) != 1 {
		t.Errorf("%d answers", len(p.answers.got))
	}
	if strings.Contains(p.logs.String(), "/socket/") {
		t.Error("the address, which is a secret, is in the log")
	}
}

func TestASocketThatCannotBeOpenedWaitsLongerEachTime(t *testing.T) {
	p := newPlugged(t)
	p.connected(t)
	p.Inject(func(m string) *simslack.Fault {
		if m == "apps.connections.open" {
			return &simslack.Fault{Status: 500}
		}
		return nil
	})
	p.Disconnect(false)
	for _, want := range []string{"1s", "2s", "4s", "8s", "16s", "30s", "30s"} {
		if got := <-p.waits; got.String() != want {
			t.Fatalf("waits %v, want %s", got, want)
		}
	}
	p.Inject(nil)
	p.connected(t)
}

func TestASocketOfAnotherAppIsNotUsed(t *testing.T) {
	p := newPlugged(t, func(c *slack.ReceiverConfig) { c.AppID = "A99" })
	if got := <-p.waits; got != time.Second {
		t.Errorf("waits %v", got)
	}
	if len(p.answers.got) != 0 {
		t.Errorf("answers %v", p.answers.got)
	}
}

func TestASocketSaysWhatItLacks(t *testing.T) {
	o, tr := newOffice(t), newTravelling(t)
	wait := func(context.Context, time.Duration) error { return errors.New("no") }
	for name, row := range map[string]struct {
		r *slack.Receiver
		c slack.SocketConfig
	}{
		"a token":         {o.receiver, slack.SocketConfig{Wait: wait}},
		"a way to wait":   {o.receiver, slack.SocketConfig{AppToken: "x"}},
		"one who answers": {tr.receiver, slack.SocketConfig{AppToken: "x", Wait: wait}},
	} {
		if _, err := slack.NewSocket(row.r, row.c); err == nil {
			t.Errorf("without %s it is taken", name)
		}
	}
}
