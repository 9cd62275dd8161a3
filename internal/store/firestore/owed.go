package firestore

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// Owe implements owed.Store.
func (s *Store) Owe(ctx context.Context, c owed.Change) (added bool, err error) {
	doc, err := owedFields(c)
	if err == nil {
		err = call(ctx, callTimeout, func(ctx context.Context) error {
			_, err := s.doc(owedIn, c.ID).Create(ctx, doc)
			if status.Code(err) == codes.AlreadyExists {
				return nil
			}
			added = err == nil
			return err
		})
	}
	if err != nil {
		return false, fmt.Errorf("owe change %s: %w", c.ID, err)
	}
	return added, nil
}

// Settle implements owed.Store.
func (s *Store) Settle(ctx context.Context, id string) error {
	err := call(ctx, callTimeout, func(ctx context.Context) error {
		_, err := s.doc(owedIn, id).Delete(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("settle owed change %s: %w", id, err)
	}
	return nil
}

// Owed implements owed.Store. It reads what the query selects, and no more.
func (s *Store) Owed(ctx context.Context, q owed.Query) ([]owed.Change, error) {
	return listed(ctx, "owed changes", s.owed(q), sinceField, q.Limit, func(doc *firestore.DocumentSnapshot) (owed.Change, error) {
		c, err := owedOf(doc)
		if err != nil {
			err = fmt.Errorf("owed change %v: %w", doc.Data()[idField], err)
		}
		return c, err
	})
}

// owed is the query for them.
func (s *Store) owed(q owed.Query) firestore.Query {
	in := s.client.Collection(owedIn).OrderBy(sinceField, firestore.Asc).OrderBy(idField, firestore.Asc)
	if q.Place != "" {
		in = in.Where(placeField, "==", key(q.Place))
	}
	if q.After != (owed.Position{}) {
		in = in.StartAfter(stamp(q.After.Since), q.After.ID)
	}
	return in
}

// OwedPlaces implements owed.Store. It reads one document of each place.
func (s *Store) OwedPlaces(ctx context.Context, after string, limit int) (places []string, err error) {
	in := s.client.Collection(owedIn).OrderBy(placeField, firestore.Asc).Limit(1)
	last := ""
	if after != "" {
		last = key(after)
	}
	err = call(ctx, listTimeout, func(ctx context.Context) error {
		for len(places) < limit {
			from := in
			if last != "" {
				from = in.Where(placeField, ">", last)
			}
			docs, err := from.Documents(ctx).GetAll()
			if err != nil || len(docs) == 0 {
				return err
			}
			last = fmt.Sprint(docs[0].Data()[placeField])
			if name, ok := docs[0].Data()[placeNameField].(string); ok {
				places = append(places, name)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list places that owe: %w", err)
	}
	return places, nil
}

// CountOwed implements owed.Store. Firestore counts in its index, and charges a read for
// each thousand: https://cloud.google.com/firestore/pricing#aggregation_queries
func (s *Store) CountOwed(ctx context.Context, place string) (n int, err error) {
	in := s.client.Collection(owedIn).Query
	if place != "" {
		in = in.Where(placeField, "==", key(place))
	}
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		got, err := in.NewAggregationQuery().WithCount("owed").Get(ctx)
		if err != nil {
			return err
		}
		v, ok := got["owed"].(*firestorepb.Value)
		if !ok {
			return fmt.Errorf("the database answered %v, want a count", got)
		}
		n = int(v.GetIntegerValue())
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count owed changes: %w", err)
	}
	return n, nil
}

func owedFields(c owed.Change) (fields, error) {
	b, c, err := record.Owed(c)
	if err != nil {
		return nil, err
	}
	if len(b) > maxRecord {
		return nil, fmt.Errorf("it takes %d bytes, and Firestore has room for %d", len(b), maxRecord)
	}
	return fields{
		layoutField: layout, recordField: b, idField: c.ID, placeField: key(c.Place), placeNameField: c.Place, sinceField: stamp(c.Since),
	}, nil
}

func owedOf(doc *firestore.DocumentSnapshot) (owed.Change, error) {
	b, err := recordOf(doc)
	if err != nil {
		return owed.Change{}, err
	}
	return record.ReadOwed(b)
}
