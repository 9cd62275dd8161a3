package functions_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

// The room of an event about nothing is used for the next one. Whoever holds on to
// the bytes of any other must not see them change.
func TestWhatBecameOfAnEventKeepsItsBytes(t *testing.T) {
	var kept, copies [][]byte
	keep := func(data []byte) (cloud.Change, error) {
		if bytes.Contains(data, []byte("compute.googleapis.com")) {
			return auditlog.Decode(data)
		}
		kept, copies = append(kept, data), append(copies, bytes.Clone(data))
		return cloud.Change{}, nil
	}
	fails := false
	handle := handlerFunc(func(context.Context, cloud.Change) (remediate.Outcome, error) {
		if fails = !fails; fails {
			return remediate.Outcome{}, context.DeadlineExceeded // comes again
		}
		return remediate.Outcome{Kind: remediate.Compliant}, nil
	})
	r := newReceiver(t, func(c *functions.EventsConfig) { c.Decode, c.Handler = keep, handle })
	for i := range 60 {
		if i%3 == 0 {
			r.post(wrap(entry))
			continue
		}
		wantStatus(t, r.post(wrap(irrelevant())), http.StatusNoContent)
	}
	for i := range kept {
		if !bytes.Equal(kept[i], copies[i]) || string(kept[i]) != entry {
			t.Fatalf("event %d was overwritten by a later one:\n%s", i, kept[i])
		}
	}
	if len(kept) != 20 || r.counts[functions.KindNotChange] != 40 {
		t.Errorf("%d were kept, and %v counted", len(kept), r.counts)
	}
}

type handlerFunc func(context.Context, cloud.Change) (remediate.Outcome, error)

func (f handlerFunc) Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error) {
	return f(ctx, c)
}
