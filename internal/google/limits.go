package google

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Cloud Run charges its quotas to the project and region that is changed, which needs
// them for its own deploys. SetIamPolicy counts as a write.
const (
	// limitWindow is what rates count in: no minute has more, wherever it begins.
	limitWindow = time.Minute
	// maxHold bounds how long a request is held back for its turn: half of
	// callTimeout, so that the other half is left for the request itself.
	maxHold = callTimeout / 2
	// sentWithin is left of a deadline for the request itself.
	sentWithin = 100 * time.Millisecond
	// exhaustedPause is how long a project and region is left alone that
	// Google says is exhausted without saying until when.
	exhaustedPause = 15 * time.Second
	// maxPlaces bounds the memory that names in other people's logs can take.
	maxPlaces = 10_000
)

// limits holds requests back, so that reverting a hundred changes never takes
// the quota that a project's own deploys live on. A request whose turn is too
// far away is not sent, and its error says when to come again: whoever holds a
// lease or an HTTP request must not sleep through it.
type limits struct {
	rates  Rates
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
	saw    func(Call)
	shared cells.Store // nil: writes are this process's alone

	mu     sync.Mutex
	places map[place]*turns
}

// turns are the times of the requests of the last minute, oldest first, the
// reserved ones to come included; until when Google wants none; and the last
// moment that a write was told to come again at.
type turns struct {
	at       []time.Time
	closed   time.Time
	promised time.Time
	sharing  sync.Mutex // held while this process asks the store for a turn
}

func newLimits(rates Rates, now func() time.Time, wait func(context.Context, time.Duration) error) *limits {
	return &limits{rates: rates, now: now, wait: wait, saw: func(Call) {}, places: map[place]*turns{}}
}

// intercept is a gRPC interceptor, so that retries of Google's clients, further
// pages and looks at operations count as well: they do for Google.
func (l *limits) intercept(
	ctx context.Context, method string, request, response any, conn *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	at := placeOf(method, request)
	held, err := l.turn(ctx, at)
	if err != nil {
		l.saw(Call{Method: method, Write: at.write, Err: err})
		return err
	}
	if held > 0 {
		if err := l.wait(ctx, held); err != nil {
			return notSent(err)
		}
	}
	began := time.Now()
	err = next(ctx, method, request, response, conn, opts...)
	l.saw(Call{Method: method, Write: at.write, Sent: true, Held: held, Took: time.Since(began), Err: err})
	if status.Code(err) == codes.ResourceExhausted {
		l.close(at, retryDelay(err))
	}
	return err
}

// notSent keeps the status of an ended context, which callers and Google's
// clients look for.
func notSent(err error) error { return status.FromContextError(err).Err() }

// mostHeld is how long a request may be held back: a turn that its caller would not wait
// for is left to others.
func mostHeld(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return maxHold
	}
	return min(maxHold, time.Until(deadline)-sentWithin)
}

// turn takes the next turn of the place, from the store where it gives them.
func (l *limits) turn(ctx context.Context, at place) (time.Duration, error) {
	if at.write && l.shared != nil {
		return l.reserveShared(ctx, at)
	}
	return l.reserve(at, mostHeld(ctx))
}

// reserve takes the next turn and returns how long it is until then, or a
// *fault.BusyError and no turn when that is longer than most.
func (l *limits) reserve(at place, most time.Duration) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	t := l.turns(at, now)
	turn := t.next(now, l.rates.of(at), limitWindow)
	if turn.Sub(now) > most {
		return 0, &fault.BusyError{Where: l.rates.limiting(at), After: l.promise(t, at, turn, limitWindow).Sub(now)}
	}
	t.at = append(t.at, turn)
	return turn.Sub(now), nil
}

func (l *limits) turns(at place, now time.Time) *turns {
	t := l.places[at]
	if t == nil {
		if len(l.places) >= maxPlaces {
			l.forget(now)
		}
		t = &turns{}
		l.places[at] = t
	}
	t.at = slices.DeleteFunc(t.at, func(at time.Time) bool { return now.Sub(at) >= limitWindow })
	return t
}

// forget drops the places that have nothing to remember.
func (l *limits) forget(now time.Time) {
	for at, t := range l.places {
		if idle := len(t.at) == 0 || now.Sub(t.at[len(t.at)-1]) >= limitWindow; idle && now.After(t.closed) {
			delete(l.places, at)
		}
	}
}

// next is the first moment that leaves no more than limit requests in any
// window. A bucket that refills would let twice as many through in the minute
// after a quiet one.
func (t *turns) next(now time.Time, limit int, window time.Duration) time.Time {
	turn := now
	if n := len(t.at); n >= limit {
		if free := t.at[n-limit].Add(window); free.After(turn) {
			turn = free
		}
	}
	if t.closed.After(turn) {
		turn = t.closed
	}
	return turn
}

// promise is when to come again: for a write in line behind those that were
// sent away before it, so that a hundred of them do not all come back for the
// next turn. A read is asked again by whoever needs it, in its own time.
func (l *limits) promise(t *turns, at place, turn time.Time, window time.Duration) time.Time {
	if !at.write {
		return turn
	}
	if next := t.promised.Add(window / time.Duration(l.rates.Writes)); next.After(turn) {
		turn = next
	}
	t.promised = turn
	return turn
}

func (l *limits) close(at place, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if t, until := l.turns(at, now), now.Add(pause); until.After(t.closed) {
		t.closed = until
	}
}

// retryDelay is how long Google asks to be left alone. Its word is believed up
// to an hour.
func retryDelay(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok && info.GetRetryDelay().AsDuration() > 0 {
			return min(info.GetRetryDelay().AsDuration(), time.Hour)
		}
	}
	return exhaustedPause
}

// Call is one request over gRPC, as it was seen from here.
type Call struct {
	Method string // as "/google.cloud.run.v2.Services/GetService"
	Write  bool
	Sent   bool          // false: its turn is too far away
	Held   time.Duration // what it waited for its turn
	Took   time.Duration // without that
	Err    error
}

// API is the service of the method, as "google.cloud.run.v2.Services".
func (c Call) API() string {
	api, _, _ := strings.Cut(strings.TrimPrefix(c.Method, "/"), "/")
	return api
}
