package auditlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestTheActorIsTheEmailElseTheSubjectElseTheFirstDelegate(t *testing.T) {
	const subject = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/repo"
	delegation := []any{obj{}, obj{"firstPartyPrincipal": obj{"principalEmail": "bot@ci.iam.gserviceaccount.com"}}, obj{"principalSubject": subject}}
	through := []string{"serviceAccount:bot@ci.iam.gserviceaccount.com", subject}
	for _, tt := range []struct {
		name string
		info any
		want cloud.Actor
	}{
		{"a person", obj{"principalEmail": "ada@example.com", "principalSubject": "user:other@example.com"}, cloud.Actor{Principal: "user:ada@example.com"}},
		{"a service account", obj{"principalEmail": "bot@ci.iam.gserviceaccount.com"}, cloud.Actor{Principal: "serviceAccount:bot@ci.iam.gserviceaccount.com"}},
		{"a default service account", obj{"principalEmail": "1-compute@developer.gserviceaccount.com"}, cloud.Actor{Principal: "serviceAccount:1-compute@developer.gserviceaccount.com"}},
		{"a person of a look-alike domain", obj{"principalEmail": "ada@notgserviceaccount.com"}, cloud.Actor{Principal: "user:ada@notgserviceaccount.com"}},
		{"an e-mail that has its type", obj{"principalEmail": "user:ada@example.com"}, cloud.Actor{Principal: "user:ada@example.com"}},
		{"a subject", obj{"principalSubject": subject}, cloud.Actor{Principal: subject}},
		{"a service account with those behind it", obj{"principalEmail": "ada@example.com", "serviceAccountDelegationInfo": delegation},
			cloud.Actor{Principal: "user:ada@example.com", Delegation: through}},
		{"a delegate alone", obj{"serviceAccountDelegationInfo": delegation}, cloud.Actor{Principal: through[0], Delegation: through}},
		{"an empty object", obj{}, cloud.Actor{Principal: cloud.UnknownActor}},
		{"nothing", nil, cloud.Actor{Principal: cloud.UnknownActor}},
		{"text", "...", cloud.Actor{Principal: cloud.UnknownActor}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, setPolicy, obj{"protoPayload.authenticationInfo": tt.info}))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Actor); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
