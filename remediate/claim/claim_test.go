package claim

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/lease"
	"github.com/rescind-dev/rescind/remediate/state"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// one is a store of one finding, which answers what it is told to.
type one struct {
	finding.Store
	f       finding.Finding
	answers []error
	now     time.Time
}

func (o *one) Finding(context.Context, string) (finding.Finding, error) { return o.f, nil }

func (o *one) Update(_ context.Context, f finding.Finding) (finding.Finding, error) {
	var err error
	if len(o.answers) > 0 {
		err, o.answers = o.answers[0], o.answers[1:]
	}
	if err == nil {
		f.Revision++
		o.f = f
	}
	return f, err
}

func (o *one) claims() Claims {
	return Claims{Findings: o, Now: func() time.Time { return o.now }, Wait: func(ctx context.Context, d time.Duration) error {
		o.now = o.now.Add(d)
		return ctx.Err()
	}}
}

func TestAClaimIsRenewedAndWhatPeopleSeeStaysCurrent(t *testing.T) {
	o := &one{now: noon.Add(20 * time.Second), f: finding.Finding{
		ID: "f1", Revision: 3, State: state.Applying, DueAt: noon.Add(finding.Lease), Surfaces: []finding.Surface{{ID: "m", Rendered: 3}},
	}}
	f, err := o.claims().renew(t.Context(), "f1")
	if err != nil || !f.DueAt.Equal(o.now.Add(finding.Lease)) || f.Revision != 4 || f.Surfaces[0].Rendered != 4 {
		t.Errorf("%v: due at %s, revision %d, shown %d", err, f.DueAt, f.Revision, f.Surfaces[0].Rendered)
	}
	o.f.State = state.Reverted
	if _, err := o.claims().renew(t.Context(), "f1"); !errors.Is(err, lease.ErrLost) {
		t.Errorf("what another process ended is renewed: %v", err)
	}
}

func TestAnOutcomeIsStoredAsSoonAsTheStoreTakesItAndNotTriedForEver(t *testing.T) {
	down := errors.New("unavailable")
	always := make([]error, 100)
	for i := range always {
		always[i] = down
	}
	for _, tt := range []struct {
		name    string
		answers []error
		want    error
		after   time.Duration
	}{
		{"a store that is back after three seconds", []error{down, down, down}, nil, 3 * time.Second},
		{"a store that stays away", always, down, time.Minute},
		{"another process was faster", []error{down, fault.ErrConflict}, fault.ErrConflict, time.Second},
		{"the finding is gone", []error{fault.ErrNotFound}, fault.ErrNotFound, 0},
	} {
		o := &one{now: noon, answers: tt.answers}
		_, err := o.claims().Store(t.Context(), func() finding.Finding { return finding.Finding{ID: "f1"} })
		if !errors.Is(err, tt.want) || o.now.Sub(noon) != tt.after {
			t.Errorf("%s: %v after %s, want %v after %s", tt.name, err, o.now.Sub(noon), tt.want, tt.after)
		}
	}
}
