package intake_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/intake"
)

// stalled is a sender who sends so many bytes and then nothing, until it is cut off.
type stalled struct {
	sends  int
	waits  chan struct{} // closed when all it sends was read
	gone   chan struct{} // closed when it is cut off
	result chan error    // what became of its body
}

func (s *stalled) Read(p []byte) (int, error) {
	if s.sends == 0 {
		close(s.waits)
		<-s.gone
		return 0, io.ErrClosedPipe
	}
	n := min(len(p), s.sends)
	s.sends -= n
	return n, nil
}

// stall has a sender stall in the room, and returns once it does or was refused.
// Who is deaf cannot be cut off.
func stall(t *testing.T, m *intake.Room, sends int, deaf bool) *stalled {
	t.Helper()
	s := &stalled{sends, make(chan struct{}), make(chan struct{}), make(chan error, 1)}
	cut := func() { close(s.gone) }
	go func() {
		given := cut
		if deaf {
			given = nil
		}
		_, done, err := m.Read(s, 1<<20, given)
		done()
		s.result <- err
	}()
	t.Cleanup(func() {
		select {
		case <-s.gone:
		default:
			cut()
		}
	})
	select {
	case <-s.waits:
	case err := <-s.result:
		t.Fatalf("a sender of %d bytes: %v", sends, err)
	}
	return s
}

func (s *stalled) cutOff() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

func click(m *intake.Room) error {
	_, done, err := m.Read(strings.NewReader("payload=1"), 1<<20, nil)
	done()
	return err
}

func TestWhoSendsNothingTakesNoRoomAndWhoSendsLittleTakesLittle(t *testing.T) {
	m := &intake.Room{Small: 64 << 10, SmallBody: 64 << 10}
	for range 1000 {
		stall(t, m, 0, true)
	}
	for range 63 {
		stall(t, m, 1, true)
	}
	if err := click(m); err != nil {
		t.Errorf("a click among those who send nothing: %v", err)
	}
}

func TestSmallBodiesTakeWhatLargeOnesLeave(t *testing.T) {
	m := &intake.Room{Small: 64 << 10, Large: 64 << 10, SmallBody: 64 << 10}
	stall(t, m, 64<<10-1, true)
	if err := click(m); err != nil {
		t.Errorf("a click with the small room full: %v", err)
	}
	stall(t, m, 64<<10-1, true)
	if err := click(m); !errors.Is(err, intake.ErrBusy) {
		t.Errorf("with both full of those who cannot be cut off: %v", err)
	}
}

func TestWhoHasSentForLongestIsCutOffForASmallBody(t *testing.T) {
	m := &intake.Room{Small: 192 << 10, SmallBody: 64 << 10}
	read, done, err := m.Read(bytes.NewReader(make([]byte, 64<<10-1)), 1<<20, func() { t.Error("a body that was read whole was cut off") })
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	first, second := stall(t, m, 64<<10-1, false), stall(t, m, 64<<10-1, false)
	for range 100 {
		if err := click(m); err != nil {
			t.Fatalf("a click in a full room: %v", err)
		}
	}
	if !first.cutOff() || second.cutOff() || len(read) != 64<<10-1 {
		t.Errorf("the first was cut off: %t, the second: %t; want the first alone", first.cutOff(), second.cutOff())
	}
	if err := <-first.result; !errors.Is(err, intake.ErrBusy) {
		t.Errorf("who was cut off: %v", err)
	}
}

func TestALargeBodyCutsNobodyOff(t *testing.T) {
	m := &intake.Room{Small: 128 << 10, Large: 64 << 10, SmallBody: 64 << 10}
	s := stall(t, m, 100<<10, false)
	_, done, err := m.Read(bytes.NewReader(make([]byte, 200<<10)), 1<<20, nil)
	done()
	if !errors.Is(err, intake.ErrBusy) || s.cutOff() {
		t.Errorf("error %v, the other was cut off: %t", err, s.cutOff())
	}
}
