package storetest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func paused(t *testing.T, s remediate.Store) desk.Pause {
	t.Helper()
	p, err := s.Pause(t.Context())
	if err != nil {
		t.Fatalf("pause: %v", err)
	}
	return p
}

func setPause(t *testing.T, s remediate.Store, p desk.Pause) desk.Pause {
	t.Helper()
	got, err := s.SetPause(t.Context(), p)
	if err != nil {
		t.Fatalf("set pause: %v", err)
	}
	return got
}

func aPause() desk.Pause {
	return desk.Pause{On: true, By: "user:ada@example.com", Via: "cli", Reason: "a release \x00", At: noon, Until: noon.Add(time.Hour),
		Owed: true, Told: []string{"C01"}, DueAt: noon.Add(time.Minute)}
}

func keepsPause(t *testing.T, s remediate.Store) {
	wantSame(t, "before it is set", paused(t, s), desk.Pause{})
	want := aPause()
	got := setPause(t, s, want)
	want.Revision = 1
	want.At, want.Until, want.DueAt = want.At.UTC(), want.Until.UTC(), want.DueAt.UTC()
	wantSame(t, "set", got, want)
	wantSame(t, "stored", paused(t, s), want)
	if at := paused(t, s).At; at.Location() != time.UTC {
		t.Errorf("set at %s, want UTC", at)
	}
	off := setPause(t, s, desk.Pause{Revision: 1})
	wantSame(t, "set anew", paused(t, s), off)
	if off.Revision != 2 || off.On {
		t.Errorf("set anew: %+v, want it off at revision 2", off)
	}
}

func refusesStalePause(t *testing.T, s remediate.Store) {
	first := setPause(t, s, aPause())
	for _, revision := range []int64{0, 2} {
		_, err := s.SetPause(t.Context(), desk.Pause{Revision: revision})
		wantError(t, "set at another revision", err, fault.ErrConflict)
	}
	if _, err := s.SetPause(cancelled(t), desk.Pause{Revision: 1}); err == nil {
		t.Error("set with a cancelled context")
	}
	if _, err := s.Pause(cancelled(t)); err == nil {
		t.Error("read with a cancelled context")
	}
	wantSame(t, "stored", paused(t, s), first)
}

func racesPause(t *testing.T, s remediate.Store) {
	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := s.SetPause(t.Context(), aPause()); err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || paused(t, s).Revision != 1 {
		t.Errorf("%d won, stored is %+v; want one at revision 1", won.Load(), paused(t, s))
	}
}
