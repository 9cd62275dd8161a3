package intake_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/rescind-dev/rescind/internal/intake"
)

func TestABodyIsReadWholeOrRefused(t *testing.T) {
	const max = 100_000
	for _, n := range []int{0, 1, 2, 1 << 10, 1<<10 + 1, 16 << 10, 16<<10 + 1, 64 << 10, max - 1, max} {
		m := &intake.Room{Small: 1 << 20, Large: 1 << 20, SmallBody: 64 << 10}
		want := bytes.Repeat([]byte("x"), n)
		for name, r := range map[string]io.Reader{"at once": bytes.NewReader(want), "byte by byte": iotest.OneByteReader(bytes.NewReader(want)),
			"with its end": iotest.DataErrReader(bytes.NewReader(want))} {
			got, done, err := m.Read(r, max, nil)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes %s: got %d, %v", n, name, len(got), err)
			}
			done()
		}
	}
	m := &intake.Room{Small: 1 << 20, Large: 1 << 20, SmallBody: 64 << 10}
	if _, _, err := m.Read(strings.NewReader(strings.Repeat("x", max+1)), max, nil); !errors.Is(err, intake.ErrTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
	cut := io.MultiReader(strings.NewReader("half of it"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if got, _, err := m.Read(cut, max, nil); !errors.Is(err, io.ErrUnexpectedEOF) || got != nil {
		t.Errorf("cut off: got %q, %v; want the error and no body", got, err)
	}
}

func TestLargeBodiesKeepNoSmallOneOut(t *testing.T) {
	const small, large, body = 256 << 10, 256 << 10, 64 << 10
	m := &intake.Room{Small: small, Large: large, SmallBody: body}
	var held []func()
	taken := 0
	for {
		got, done, err := m.Read(bytes.NewReader(make([]byte, 160<<10)), 1<<20, nil)
		if err != nil {
			done()
			break
		}
		held, taken = append(held, done), taken+len(got)
	}
	if taken > small+large {
		t.Errorf("%d bytes are held, and there is room for %d", taken, small+large)
	}
	click := strings.NewReader("payload=1")
	if _, done, err := m.Read(click, 1<<20, nil); err != nil {
		t.Errorf("a click among large bodies: %v", err)
	} else {
		done()
	}
	for _, done := range held {
		done()
		done() // what is given back is given back once
	}
	if _, done, err := m.Read(bytes.NewReader(make([]byte, 300<<10)), 1<<20, nil); err != nil {
		t.Errorf("once they are gone: %v", err)
	} else {
		done()
	}
}

func TestWhatIsHeldAtOnceNeverExceedsTheRoom(t *testing.T) {
	m := &intake.Room{Small: 512 << 10, Large: 512 << 10, SmallBody: 64 << 10}
	var mu sync.Mutex
	var held, most int
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			got, done, err := m.Read(bytes.NewReader(make([]byte, 100<<10)), 1<<20, nil)
			defer done()
			if err != nil {
				if !errors.Is(err, intake.ErrBusy) {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			held += len(got)
			most = max(most, held)
			mu.Unlock()
			mu.Lock()
			held -= len(got)
			mu.Unlock()
		})
	}
	all.Wait()
	if most > 1<<20 {
		t.Errorf("%d bytes were held at once, and there is room for %d", most, 1<<20)
	}
}
