package firestore

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Findings implements finding.Store. It reads what the query selects,
// and no more: Firestore applies every filter, each combination of which has
// its index.
func (s *Store) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	if q.Resource != (cloud.Resource{}) && q.Project != "" && q.Project != q.Resource.Project {
		return nil, ctx.Err() // the resource is of another project
	}
	return listed(ctx, "findings", s.findings(q), createdField, q.Limit, readableFinding)
}

// findings is the query for them.
func (s *Store) findings(q finding.Query) firestore.Query {
	in := s.client.Collection(findings).OrderBy(createdField, firestore.Desc).OrderBy(idField, firestore.Asc)
	if len(q.States) > 0 {
		in = in.Where(stateField, "in", keys(q.States))
	}
	if q.Policy != "" {
		in = in.Where(policyField, "==", key(q.Policy))
	}
	switch {
	case q.Resource == cloud.Resource{} && q.Project != "":
		in = in.Where(projectField, "==", key(q.Project))
	case q.Resource != cloud.Resource{}:
		in = in.Where(resourceField, "==", key(q.Resource.String()))
	}
	if !q.Since.IsZero() {
		in = in.Where(createdField, ">=", stamp(q.Since))
	}
	if !q.Until.IsZero() {
		in = in.Where(createdField, "<", stamp(q.Until))
	}
	if q.After != (finding.Position{}) {
		in = in.StartAfter(stamp(q.After.CreatedAt), q.After.ID)
	}
	return in
}

// Due implements finding.Store. It reads what is due, and no more.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	return listed(ctx, "due findings", s.due(at), dueField, limit, readableFinding)
}

// due is the query for them.
func (s *Store) due(at time.Time) firestore.Query {
	return s.client.Collection(findings).OrderBy(dueField, firestore.Asc).OrderBy(idField, firestore.Asc).
		Where(dueField, "<=", stamp(at))
}

// readableFinding is findingOf, with the finding's ID in what is wrong with it.
func readableFinding(doc *firestore.DocumentSnapshot) (finding.Finding, error) {
	f, err := findingOf(doc)
	if err != nil {
		err = &fault.UnreadError{Finding: fmt.Sprint(doc.Data()[idField]), Err: err}
	}
	return f, err
}

// listed are the records of a query that is in the order of that field and of their IDs,
// and an error that names those which cannot be read. They do not use up the limit: the
// rest would wait behind them.
func listed[T any](ctx context.Context, what string, in firestore.Query, by string, limit int, of func(*firestore.DocumentSnapshot) (T, error)) (out []T, _ error) {
	var leftOut []error
	for {
		p, err := readPage(ctx, in, max(limit-len(out), 0), of)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", what, err)
		}
		out, leftOut = append(out, p.records...), append(leftOut, p.leftOut...)
		if p.last == nil || len(out) == limit {
			return out, fault.LeftOut(leftOut)
		}
		in = in.StartAfter(p.last[by], p.last[idField])
	}
}

// page is what came of a query.
type page[T any] struct {
	records []T
	leftOut []error        // an error for each that cannot be read
	last    map[string]any // the last document, where the limit may have kept others out
}

func readPage[T any](ctx context.Context, in firestore.Query, limit int, of func(*firestore.DocumentSnapshot) (T, error)) (p page[T], err error) {
	if limit > 0 {
		in = in.Limit(limit)
	}
	err = call(ctx, listTimeout, func(ctx context.Context) error {
		docs, err := in.Documents(ctx).GetAll()
		if err != nil {
			return err
		}
		for _, doc := range docs {
			r, err := of(doc)
			if err != nil {
				p.leftOut = append(p.leftOut, err)
				continue
			}
			p.records = append(p.records, r)
		}
		if n := len(docs); n > 0 && n == limit {
			p.last = docs[n-1].Data()
		}
		return nil
	})
	return p, err
}

func keys(states []state.State) []string {
	var ks []string
	for _, s := range states {
		ks = append(ks, key(string(s)))
	}
	return ks
}
