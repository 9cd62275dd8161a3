package google

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// upstream is a world of a few things that change, of which reads end when the test
// says so. What a read returns is what was so when it began, the oldest that it may.
type upstream struct {
	*readings
	t      *testing.T
	truth  map[reading]int // the version that is so
	seen   map[reading]int // the newest version of which a change was seen
	active []*upstreamRead
	reads  map[reading]int
}

type upstreamRead struct {
	r     reading
	value int
	fresh bool // no change was seen since it began
	end   chan error
}

func newUpstream(t *testing.T) *upstream {
	return &upstream{newReadings(time.Now), t, map[reading]int{}, map[reading]int{}, nil, map[reading]int{}}
}

var errDown = errors.New("down")

func (u *upstream) read(ctx context.Context, r reading) (int, error) {
	at := &upstreamRead{r, u.truth[r], true, make(chan error)}
	if slices.ContainsFunc(u.active, func(o *upstreamRead) bool { return o.r == r && o.fresh }) {
		u.t.Errorf("%v is read twice at once", r)
	}
	u.active = append(u.active, at)
	u.reads[r]++
	select {
	case err := <-at.end:
		if err != nil {
			return -1, err // older than anything: nobody may be given it as an answer
		}
		return at.value, nil
	case <-ctx.Done():
		u.active = slices.DeleteFunc(u.active, func(o *upstreamRead) bool { return o == at })
		return 0, ctx.Err()
	}
}

// end lets the read return, and waits for what comes of it.
func (u *upstream) end(at *upstreamRead, err error) {
	u.active = slices.DeleteFunc(u.active, func(o *upstreamRead) bool { return o == at })
	at.end <- err
	synctest.Wait()
}

// change makes r something else, and lets that be seen.
func (u *upstream) change(r reading) {
	u.truth[r]++
	u.seen[r] = u.truth[r]
	for _, at := range u.active {
		at.fresh = at.fresh && at.r != r
	}
	u.forget(func(o reading) bool { return o == r })
}

// asked is a question under way or answered.
type asked struct {
	r       reading
	cancel  context.CancelFunc
	left    bool
	done    bool
	value   int
	err     error
	changes int // of r, seen since it was asked
	floor   int // what was seen when it was asked
	atEnd   int // what was seen when it was answered
}

func (u *upstream) ask(r reading) *asked {
	ctx, cancel := context.WithCancel(context.Background())
	q := &asked{r: r, cancel: cancel, floor: u.seen[r]}
	go func() {
		q.value, _, q.err = read(ctx, u.readings, r, func(ctx context.Context) (int, error) { return u.read(ctx, r) })
		q.done, q.atEnd = true, u.seen[r]
	}()
	synctest.Wait()
	return q
}

func (q *asked) check(t *testing.T) {
	t.Helper()
	switch {
	case !q.done:
		t.Errorf("a question about %v has no answer", q.r)
	case q.left && !errors.Is(q.err, context.Canceled) && q.err.Error() != notSent(context.Canceled).Error():
		t.Errorf("who left was told %v", q.err)
	case q.left:
	case q.err != nil && !errors.Is(q.err, errDown):
		t.Errorf("%v: %v, though whoever asked is still there", q.r, q.err)
	case q.err == nil && q.value < q.floor:
		t.Errorf("%v: version %d, and a change to %d was seen before it was asked", q.r, q.value, q.floor)
	case q.err == nil && q.value < q.atEnd && q.changes < maxOvertaken:
		t.Errorf("%v: version %d, and a change to %d was seen by then", q.r, q.value, q.atEnd)
	}
}

// play does random things in a random order, and checks every answer.
func (u *upstream) play(rng *rand.Rand) {
	about := []reading{{kind: projectItself, of: "a"}, {kind: projectItself, of: "b"}}
	var all []*asked
	for range 60 {
		r := about[rng.IntN(len(about))]
		switch n := rng.IntN(10); {
		case n < 4:
			all = append(all, u.ask(r))
		case n < 6 && len(u.active) > 0:
			u.end(u.active[rng.IntN(len(u.active))], nil)
		case n < 7 && len(u.active) > 0:
			u.end(u.active[rng.IntN(len(u.active))], errDown)
		case n < 8 && len(all) > 0:
			if q := all[rng.IntN(len(all))]; !q.done {
				q.left = true
				q.cancel()
				synctest.Wait()
			}
		default:
			for _, q := range all {
				if q.r == r && !q.done {
					q.changes++
				}
			}
			u.change(r)
			synctest.Wait()
		}
	}
	for len(u.active) > 0 {
		u.end(u.active[0], nil)
	}
	for _, q := range all {
		q.check(u.t)
		q.cancel()
	}
}

func TestNoAnswerIsOlderThanAChangeThatWasSeen(t *testing.T) {
	for seed := range uint64(500) {
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newUpstream(t).play(rand.New(rand.NewPCG(seed, 12))) })
		})
		if !ok {
			return
		}
	}
}

var one, other = reading{kind: projectItself, of: "projects/one"}, reading{kind: projectItself, of: "projects/other"}

func TestAChangeOfSomethingElseDiscardsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t)
		q := u.ask(one)
		u.change(other)
		u.end(u.active[0], nil)
		q.check(t)
		if again := u.ask(one); !again.done || u.reads[one] != 1 {
			t.Errorf("read %d times, want once: what changed is something else", u.reads[one])
		}
	})
}

func TestWhatIsAskedByManyIsReadOnceAlsoIfTheFirstGoesAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t)
		first := u.ask(one)
		rest := []*asked{u.ask(one), u.ask(one), u.ask(one)}
		first.left = true
		first.cancel()
		synctest.Wait()
		first.check(t)
		u.end(u.active[0], nil)
		for _, q := range rest {
			q.check(t)
		}
		if u.reads[one] != 1 {
			t.Errorf("read %d times, want once", u.reads[one])
		}
	})
}

func TestAReadEndsWithTheLastWhoAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t)
		first, second := u.ask(one), u.ask(one)
		first.cancel()
		second.cancel()
		synctest.Wait()
		if len(u.active) != 0 {
			t.Error("it is still being read, for nobody")
		}
		third := u.ask(one)
		u.end(u.active[0], nil)
		third.check(t)
	})
}

func TestWhatChangesAgainAndAgainIsAnsweredAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := newUpstream(t)
		q := u.ask(one)
		for range maxOvertaken {
			u.change(one)
			u.end(u.active[0], nil)
		}
		if !q.done || q.err != nil || q.value != maxOvertaken-1 {
			t.Errorf("%+v, want what was read last", q)
		}
		if u.ask(one); u.reads[one] != maxOvertaken+1 {
			t.Error("what a change overtook was kept")
		}
		u.end(u.active[0], nil)
	})
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	rs := newReadings(time.Now)
	for i := range maxKept + 1 {
		_, _, err := read(t.Context(), rs, reading{kind: rolePermissions, of: fmt.Sprint(i)}, func(context.Context) (int, error) { return i, nil })
		must(t, err)
	}
	if n := len(rs.kept); n != maxKept {
		t.Errorf("%d are kept, want %d", n, maxKept)
	}
}
