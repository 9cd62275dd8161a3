package firestore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	native "cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/remediate/finding"
)

const account = "rescind@ops.iam.gserviceaccount.com"

// What keeps a store from being of use is one sentence, with the command that mends it.
func TestWhatKeepsAStoreFromBeingOfUseIsOneSentence(t *testing.T) {
	refused := func(code codes.Code, why string) func(*pb.BatchGetDocumentsRequest, pb.Firestore_BatchGetDocumentsServer) error {
		return func(*pb.BatchGetDocumentsRequest, pb.Firestore_BatchGetDocumentsServer) error {
			return status.Error(code, why)
		}
	}
	for name, tt := range map[string]struct {
		document func(*pb.BatchGetDocumentsRequest, pb.Firestore_BatchGetDocumentsServer) error
		query    func(*pb.StructuredQuery) error
		want     string // "" for no error
	}{
		"nothing": {absent, nil, ""},
		"no database": {nil, nil,
			"firestore://ops/rescind is not there: make it with gcloud firestore databases create --project=ops --database=rescind --type=firestore-native --location=LOCATION"},
		"no right": {refused(codes.PermissionDenied, "Missing or insufficient permissions."), nil,
			"firestore://ops/rescind does not let " + account + " in: gcloud projects add-iam-policy-binding ops --member=serviceAccount:" + account + " --role=roles/datastore.user"},
		"an index": {absent, func(q *pb.StructuredQuery) error {
			if q.GetFrom()[0].GetCollectionId() == "owed" && q.GetWhere() != nil {
				return status.Error(codes.FailedPrecondition, "The query requires an index. You can create it here: https://example.com")
			}
			return nil
		}, "firestore://ops/rescind lacks an index: make it with gcloud firestore indexes composite create --project=ops --database=rescind --collection-group=owed" +
			" --field-config=field-path=place,order=ascending --field-config=field-path=since,order=ascending --field-config=field-path=id,order=ascending"},
		"an index that is being built": {absent, func(*pb.StructuredQuery) error {
			return status.Error(codes.FailedPrecondition, "The query requires an index. That index is currently building and cannot be used yet.")
		}, "an index of firestore://ops/rescind is still being built: start again once it is done"},
	} {
		t.Run(name, func(t *testing.T) {
			s, f := openFake(t)
			f.document, f.query = tt.document, tt.query
			err := s.Usable(t.Context(), account)
			switch {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
				t.Errorf("it says %v, want %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "\n"):
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

// A database that does not answer is told of by when the caller says.
func TestADatabaseThatDoesNotAnswerIsToldOf(t *testing.T) {
	s, f := openFake(t)
	f.document = func(_ *pb.BatchGetDocumentsRequest, to pb.Firestore_BatchGetDocumentsServer) error {
		<-to.Context().Done()
		return to.Context().Err()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Usable(ctx, account); err == nil || !strings.HasPrefix(err.Error(), "firestore://ops/rescind does not answer: ") {
		t.Errorf("it says %v", err)
	}
}

// Each index of the file is one that is looked for, and no other is.
func TestUsableLooksForEachIndex(t *testing.T) {
	s, f := openFake(t)
	f.document = absent
	f.queries = make(chan *pb.StructuredQuery, 100)
	if err := s.Usable(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	close(f.queries)
	asked := map[string]bool{}
	for q := range f.queries {
		asked[needed(t, q)] = true
	}
	if want := len(readIndexes(t).Indexes); len(asked) != want {
		t.Errorf("%d indexes are looked for, and the file has %d: %v", len(asked), want, asked)
	}
}

// What one record holds keeps no process from starting: a later release may have written it.
func TestARecordThatCannotBeReadKeepsAStoreInUse(t *testing.T) {
	s, c := open(t, newProject())
	create(t, s, finding.Finding{ID: "f1", DueAt: noon})
	if _, err := c.Doc("findings/f1").Update(t.Context(), []native.Update{{Path: "layout", Value: 2}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Findings(t.Context(), finding.Query{Limit: 1}); err == nil {
		t.Fatal("the record can be read: the test cannot fail")
	}
	if err := s.Usable(t.Context(), account); err != nil {
		t.Error(err)
	}
}
