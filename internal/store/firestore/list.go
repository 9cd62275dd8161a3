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
	case q.Project != "" && q.Project != q.Resource.Project:
		return nil, ctx.Err() // the resource is of another project
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
	l, err := list(ctx, in, q.Limit)
	if err == nil && len(l.leftOut) > 0 {
		err = l.leftOut[0]
	}
	if err != nil {
		return nil, fmt.Errorf("list findings: %w", err)
	}
	return l.findings, nil
}

// Due implements finding.Store. It reads what is due, and no more.
func (s *Store) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	in := s.client.Collection(findings).OrderBy(dueField, firestore.Asc).OrderBy(idField, firestore.Asc).
		Where(dueField, "<=", stamp(at))
	var due []finding.Finding
	var leftOut []error
	for { // what is left out must not use up the limit, or the rest would wait behind it
		l, err := list(ctx, in, max(limit-len(due), 0))
		if err != nil {
			return nil, fmt.Errorf("list due findings: %w", err)
		}
		due, leftOut = append(due, l.findings...), append(leftOut, l.leftOut...)
		if l.more == nil || len(due) == limit {
			return due, fault.LeftOut(leftOut)
		}
		in = in.StartAfter(l.more[dueField], l.more[idField])
	}
}

// listed is what came of a query.
type listed struct {
	findings []finding.Finding
	leftOut  []error        // an error for each that cannot be read
	more     map[string]any // the last document, where the limit may have kept others out
}

func list(ctx context.Context, in firestore.Query, limit int) (l listed, err error) {
	if limit > 0 {
		in = in.Limit(limit)
	}
	err = call(ctx, listTimeout, func(ctx context.Context) error {
		docs, err := in.Documents(ctx).GetAll()
		if err != nil {
			return err
		}
		for _, doc := range docs {
			f, err := findingOf(doc)
			if err != nil {
				l.leftOut = append(l.leftOut, fmt.Errorf("finding %v: %w", doc.Data()[idField], err))
				continue
			}
			l.findings = append(l.findings, f)
		}
		if n := len(docs); n > 0 && n == limit {
			l.more = docs[n-1].Data()
		}
		return nil
	})
	return l, err
}

func keys(states []state.State) []string {
	var ks []string
	for _, s := range states {
		ks = append(ks, key(string(s)))
	}
	return ks
}
