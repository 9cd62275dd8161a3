package progress

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
)

func TestProgressRewritesItsLineOnATerminalAlone(t *testing.T) {
	for terminal, want := range map[bool]string{
		false: "projects/p: done\nnot \uFFFD[31mread\n",
		true:  "\r\x1b[K1 of 2\r\x1b[Kprojects/p: done\r\x1b[Knot \uFFFD[31mread\n\r\x1b[K",
	} {
		var b bytes.Buffer
		p := &Line{w: &b, terminal: terminal}
		p.Now("%d of %d", 1, 2)
		p.Done("projects/%s: done", "p")
		p.Failed(errors.New("not \x1b[31mread"))
		p.End()
		if b.String() != want {
			t.Errorf("terminal %v: %q, want %q", terminal, b.String(), want)
		}
	}
}

// What went on below itself would leave its begin on the screen.
func TestALineOfATerminalIsNoLongerThanTheTerminal(t *testing.T) {
	var b bytes.Buffer
	p := &Line{w: &b, terminal: true, width: func() int { return 10 }}
	p.Now("%s", "exactly 9")
	p.Now("%s", "one ünd ten")
	p.End()
	if got, want := b.String(), "\r\x1b[Kexactly 9\r\x1b[Kone ünd …\r\x1b[K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// The first line comes before anything is read, and then one each tenth of a second.
func TestAReplayTellsAtOnceAndThenNowAndThen(t *testing.T) {
	var b bytes.Buffer
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	r := NewReplay(&Line{w: &b, terminal: true}, func() time.Time { return at })
	said := func() string {
		_, line, _ := strings.Cut(b.String(), "\x1b[K")
		b.Reset()
		return line
	}
	far := replay.Progress{Input: "a.jsonl", Size: 4e9}
	r.Tell(far)
	if got := said(); !strings.HasPrefix(got, "reading a.jsonl: 0 kB of 4.0 GB (0 %), 0 kB/s; 0 records") {
		t.Errorf("at the begin: %q", got)
	}
	at, far.Read = at.Add(50*time.Millisecond), 1e8
	if r.Tell(far); said() != "" {
		t.Error("it is told again within a tenth of a second")
	}
	at, far.Read, far.Records, far.Changes = at.Add(950*time.Millisecond), 1e9, 7, 3
	r.Tell(far)
	if got, want := said(), "reading a.jsonl: 1.0 GB of 4.0 GB (25 %), 1.0 GB/s, 3s left; 7 records, 3 changes; findings come when all is read"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	far.Size = 0
	at = at.Add(time.Second)
	r.Tell(far)
	if got := said(); !strings.HasPrefix(got, "reading a.jsonl: 1.0 GB, 500 MB/s; 7 records") {
		t.Errorf("of a size that is not known: %q", got)
	}
	far.Judging = true
	if r.Tell(far); said() != "judging 3 changes of 7 records" {
		t.Error("the judging is not told at once")
	}
}
