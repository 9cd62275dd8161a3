package firestore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Usable returns an error where the database does not answer before ctx ends, is not
// there, does not let the account in, or lacks an index: a sentence with the command that
// mends it. It reads a document and one of each list, whatever is in them.
func (s *Store) Usable(ctx context.Context, account string) error {
	if _, err := s.Cell(ctx, "usable"); err != nil { // no such cell is kept
		return s.unusable(err, account)
	}
	lists := s.lists()
	errs := make([]error, len(lists))
	var all sync.WaitGroup
	for i, l := range lists {
		all.Go(func() {
			switch _, err := l.in.Limit(1).Documents(ctx).GetAll(); {
			case status.Code(err) == codes.FailedPrecondition && strings.Contains(err.Error(), "building"):
				errs[i] = fmt.Errorf("an index of %s is still being built: start again once it is done (%s)", s, l.command(s))
			case status.Code(err) == codes.FailedPrecondition:
				errs[i] = fmt.Errorf("%s lacks an index: make it with %s", s, l.command(s))
			case err != nil:
				errs[i] = s.unusable(err, account)
			}
		})
	}
	all.Wait()
	for _, err := range errs { // one says enough
		if err != nil {
			return err
		}
	}
	return nil
}

// unusable says why the database gives no answer, and what mends it.
func (s *Store) unusable(err error, account string) error {
	switch status.Code(err) {
	case codes.NotFound:
		return fmt.Errorf("%s is not there: make it with gcloud firestore databases create --project=%s --database=%s --type=firestore-native --location=LOCATION",
			s, s.project, s.database)
	case codes.PermissionDenied, codes.Unauthenticated:
		return fmt.Errorf("%s does not let %s in: gcloud projects add-iam-policy-binding %s --member=serviceAccount:%s --role=roles/datastore.user (%s)",
			s, account, s.project, account, status.Convert(errors.Unwrap(err)).Message())
	}
	if errors.Is(err, context.DeadlineExceeded) || status.Code(err) == codes.Unavailable {
		return fmt.Errorf("%s does not answer: look whether the network lets rescind reach firestore.googleapis.com, and whether FIRESTORE_EMULATOR_HOST is set by mistake: %w", s, err)
	}
	return fmt.Errorf("%s cannot be used: %w", s, err)
}

// String is the store's line in a configuration.
func (s *Store) String() string { return "firestore://" + s.project + "/" + s.database }

// list is a query that needs an index.
type list struct {
	collection string
	fields     []string // of the index, each with its order
	in         firestore.Query
}

// lists are all of them: those of findings by each choice of filters.
func (s *Store) lists() []list {
	out := []list{
		{findings, []string{ascending(dueField), ascending(idField)}, s.due(time.Time{})},
		{owedIn, []string{ascending(sinceField), ascending(idField)}, s.owed(owed.Query{})},
		{owedIn, []string{ascending(placeField), ascending(sinceField), ascending(idField)}, s.owed(owed.Query{Place: "usable"})},
	}
	resource := cloud.RunResource(cloud.RunService, "usable", "usable", "usable")
	for _, states := range [][]state.State{nil, {state.Pending}} {
		for _, policy := range []string{"", "usable"} {
			for _, of := range []string{"", projectField, resourceField} {
				q, fields := finding.Query{States: states, Policy: policy}, []string(nil)
				if len(states) > 0 {
					fields = append(fields, ascending(stateField))
				}
				if policy != "" {
					fields = append(fields, ascending(policyField))
				}
				switch of {
				case projectField:
					q.Project = resource.Project
				case resourceField:
					q.Resource = resource
				}
				if of != "" {
					fields = append(fields, ascending(of))
				}
				fields = append(fields, "field-path="+createdField+",order=descending", ascending(idField))
				out = append(out, list{findings, fields, s.findings(q)})
			}
		}
	}
	return out
}

func ascending(field string) string { return "field-path=" + field + ",order=ascending" }

// command makes the index.
func (l list) command(s *Store) string {
	c := fmt.Sprintf("gcloud firestore indexes composite create --project=%s --database=%s --collection-group=%s", s.project, s.database, l.collection)
	for _, f := range l.fields {
		c += " --field-config=" + f
	}
	return c
}
