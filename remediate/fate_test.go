package remediate_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
)

// A failure strikes at one of the calls that rescind makes to the store, to
// Google Cloud and to the people it tells.
type failure string

const (
	refusedOnce   failure = "the call fails without effect"
	answerLost    failure = "the call has its effect and its answer is lost"
	dies          failure = "the process dies after the call"
	requestIsGone failure = "the request is gone when the call returns"
)

var errStruck = errors.New("struck")

// fate strikes at the n-th call.
type fate struct {
	failure
	at     int
	cancel context.CancelFunc // ends the request

	mu    sync.Mutex
	calls int
}

// struck makes one call, or not.
func (f *fate) struck(do func() error) error {
	f.mu.Lock()
	f.calls++
	n := f.calls
	f.mu.Unlock()
	switch {
	case f.at == 0 || n < f.at || n > f.at && f.failure != dies:
		return do()
	case n > f.at, f.failure == refusedOnce:
		return errStruck
	}
	err := do()
	if f.failure == requestIsGone {
		f.cancel()
		return err
	}
	return errors.Join(err, errStruck)
}

func struck[T any](f *fate, do func() (T, error)) (out T, err error) {
	err = f.struck(func() (err error) { out, err = do(); return err })
	if errors.Is(err, errStruck) {
		var none T
		return none, err
	}
	return out, err
}

type fatedStore struct {
	remediate.Store
	*fate
}

func (s fatedStore) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Create(ctx, f) })
}

func (s fatedStore) Finding(ctx context.Context, id string) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Finding(ctx, id) })
}

func (s fatedStore) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Update(ctx, f) })
}

func (s fatedStore) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	return struck(s.fate, func() ([]finding.Finding, error) { return s.Store.Findings(ctx, q) })
}

func (s fatedStore) Pause(ctx context.Context) (desk.Pause, error) {
	return struck(s.fate, func() (desk.Pause, error) { return s.Store.Pause(ctx) })
}

func (s fatedStore) Handled(ctx context.Context, id string) (bool, error) {
	return struck(s.fate, func() (bool, error) { return s.Store.Handled(ctx, id) })
}

func (s fatedStore) MarkHandled(ctx context.Context, id string, at time.Time) error {
	return s.struck(func() error { return s.Store.MarkHandled(ctx, id, at) })
}

func (s fatedStore) LearnIdentity(ctx context.Context, i remediate.Sighting) error {
	return s.struck(func() error { return s.Store.LearnIdentity(ctx, i) })
}

func (s fatedStore) Cell(ctx context.Context, name string) (cells.Cell, error) {
	return struck(s.fate, func() (cells.Cell, error) { return s.Store.Cell(ctx, name) })
}

func (s fatedStore) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	return struck(s.fate, func() (cells.Cell, error) { return s.Store.SetCell(ctx, c) })
}

type fatedPolicies struct {
	remediate.PolicyClient
	*fate
}

func (p fatedPolicies) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	return struck(p.fate, func() (cloud.AllowPolicy, error) { return p.PolicyClient.Policy(ctx, r) })
}

func (p fatedPolicies) SetPolicy(ctx context.Context, r cloud.Resource, a cloud.AllowPolicy) error {
	return p.struck(func() error { return p.PolicyClient.SetPolicy(ctx, r, a) })
}

type fatedWorkloads struct {
	remediate.WorkloadClient
	*fate
}

func (w fatedWorkloads) Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	return struck(w.fate, func() (cloud.Workload, error) { return w.WorkloadClient.Workload(ctx, r) })
}

func (w fatedWorkloads) SetIdentity(ctx context.Context, l cloud.Workload, email string) error {
	return w.struck(func() error { return w.WorkloadClient.SetIdentity(ctx, l, email) })
}

func (w fatedWorkloads) SetIngress(ctx context.Context, l cloud.Workload, to string) error {
	return w.struck(func() error { return w.WorkloadClient.SetIngress(ctx, l, to) })
}

func (w fatedWorkloads) Serving(ctx context.Context, r cloud.Resource) ([]string, error) {
	return struck(w.fate, func() ([]string, error) { return w.WorkloadClient.Serving(ctx, r) })
}

type fatedNotifier struct {
	group.Plain
	*fate
}

func (n fatedNotifier) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	s, err := struck(n.fate, func() ([]finding.Surface, error) { return n.Plain.Notify(ctx, f) })
	if err != nil {
		s = f.Surfaces
	}
	return s, err
}
