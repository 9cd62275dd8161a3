package cloud

import "testing"

func TestDefaultServiceAccountsAreKnownByTheirForm(t *testing.T) {
	for email, want := range map[string]bool{
		"264172533001-compute@developer.gserviceaccount.com":   true,
		"pay-prod@appspot.gserviceaccount.com":                 true,
		"example.com:pay@appspot.gserviceaccount.com":          true,
		"api@pay-prod.iam.gserviceaccount.com":                 false,
		"api-compute@pay-prod.iam.gserviceaccount.com":         false,
		"x-compute@developer.gserviceaccount.com":              false,
		"1-compute@developer.gserviceaccount.com.evil.example": false,
		"264172533001@cloudbuild.gserviceaccount.com":          false,
		"-compute@developer.gserviceaccount.com":               false,
		"@appspot.gserviceaccount.com":                         false,
		"":                                                     false,
	} {
		if got := IsDefaultServiceAccount(email); got != want {
			t.Errorf("%q: default %v, want %v", email, got, want)
		}
	}
}

func TestMembers(t *testing.T) {
	for _, tt := range []struct {
		member  Member
		public  bool
		account string
		deleted bool
		kind    string
		email   string
	}{
		{member: "allUsers", public: true, kind: "allUsers"},
		{member: "allAuthenticatedUsers", public: true, kind: "allAuthenticatedUsers"},
		{member: "group:allUsers", kind: "group"},
		{member: "user:a@example.com", kind: "user", email: "a@example.com"},
		{member: "serviceAccount:x@p.iam.gserviceaccount.com", account: "x@p.iam.gserviceaccount.com", kind: "serviceAccount", email: "x@p.iam.gserviceaccount.com"},
		{member: "deleted:serviceAccount:x@p.iam.gserviceaccount.com?uid=1", deleted: true, kind: "deleted"},
		{member: "domain:example.com", kind: "domain"},
		{member: "", kind: ""},
	} {
		account, _ := tt.member.ServiceAccount()
		if tt.member.Public() != tt.public || account != tt.account || tt.member.Deleted() != tt.deleted ||
			tt.member.Type() != tt.kind || tt.member.Email() != tt.email {
			t.Errorf("%q: public %v, account %q, deleted %v, type %q, email %q; want %+v", tt.member,
				tt.member.Public(), account, tt.member.Deleted(), tt.member.Type(), tt.member.Email(), tt)
		}
	}
}

func TestServiceAccountProject(t *testing.T) {
	for email, want := range map[string]string{
		"264172533001-compute@developer.gserviceaccount.com":         "264172533001",
		"pay-prod@appspot.gserviceaccount.com":                       "pay-prod",
		"api@pay-prod.iam.gserviceaccount.com":                       "pay-prod",
		"service-264172533001@gcp-sa-pubsub.iam.gserviceaccount.com": "",
		"ada@example.com": "",
	} {
		if got := ServiceAccountProject(email); got != want {
			t.Errorf("%q: project %q, want %q", email, got, want)
		}
	}
}

func TestTheMemberThatStandsForAllServiceAccounts(t *testing.T) {
	const of = "principalSet://cloudresourcemanager.googleapis.com/"
	for m, want := range map[Member]bool{
		of + "projects/264172533001/type/ServiceAccount":                                    true,
		of + "folders/4001/type/ServiceAccount":                                             true,
		of + "organizations/77/type/ServiceAccount":                                         true,
		of + "organizations/77/type/Workload":                                               false,
		of + "organizations/77":                                                             false,
		of + "billingAccounts/77/type/ServiceAccount":                                       false,
		"PRINCIPALSET://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount": false,
		"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/type/ServiceAccount":      false,
		"serviceAccount:principalSet://cloudresourcemanager.googleapis.com/projects/264172533001/type/ServiceAccount":    false,
		"deleted:principalSet://cloudresourcemanager.googleapis.com/projects/264172533001/type/ServiceAccount?uid=12345": false,
	} {
		if got := m.AllServiceAccounts(); got != want {
			t.Errorf("%s: %v, want %v", m, got, want)
		}
	}
}

func TestAMemberIsTheSameInAnyCaseWhereGoogleTakesItSo(t *testing.T) {
	for _, tt := range []struct {
		a, b Member
		want bool
	}{
		{"user:Jane.Doe@example.com", "user:jane.doe@Example.com", true},
		{"group:A@example.com", "group:a@example.com", true},
		{"serviceAccount:A@p.iam.gserviceaccount.com", "serviceAccount:a@p.iam.gserviceaccount.com", true},
		{"domain:Example.com", "domain:example.com", true},
		{"user:a@example.com", "group:a@example.com", false},
		{"user:a@example.com", "user:b@example.com", false},
		{"principal://x/subject/A", "principal://x/subject/a", false},
		{"principalSet://x/group/A", "principalSet://x/group/a", false},
		{"allUsers", "allusers", false},
		{"allUsers", "allUsers", true},
		{"deleted:user:A@example.com?uid=1", "deleted:user:a@example.com?uid=1", false},
	} {
		if SameMember(tt.a, tt.b) != tt.want || SameMember(tt.b, tt.a) != tt.want {
			t.Errorf("%s and %s: want %t", tt.a, tt.b, tt.want)
		}
	}
}

func TestAMemberIsFoldedAsGoogleStoresIt(t *testing.T) {
	for m, want := range map[Member]Member{
		"user:Ada@Example.com":                           "user:ada@example.com",
		"serviceAccount:API@Pay.iam.gserviceaccount.com": "serviceAccount:api@pay.iam.gserviceaccount.com",
		"SERVICEACCOUNT:api@pay.iam.gserviceaccount.com": "serviceAccount:api@pay.iam.gserviceaccount.com",
		"Domain:Example.com":                             "domain:example.com",
		"principal://x/subject/A":                        "principal://x/subject/A",
		"deleted:user:A@example.com?uid=1":               "deleted:user:A@example.com?uid=1",
		"serviceAccount":                                 "serviceAccount",
		"allUsers":                                       "allUsers",
	} {
		if got := m.Folded(); got != want {
			t.Errorf("%s is %s, want %s", m, got, want)
		}
	}
}

func TestAgentIdentitiesOfCloudRunAreToldByTheirForm(t *testing.T) {
	const pool = "agents.global.org-77.system.id.goog/"
	for m, want := range map[Member][2]bool{
		"principal://" + pool + "resources/run/projects/12/locations/l/services/s":                                  {true, false},
		"principal://" + pool + "resources/run/projects/12/locations/l/jobs/j":                                      {true, false},
		"principal://" + pool + "resources/run/projects/12/locations/l/others/s":                                    {},
		"principal://" + pool + "resources/aiplatform/projects/12/locations/l/reasoningEngines/s":                   {},
		"principalSet://" + pool + "attribute.platformContainer/x":                                                  {false, true},
		"principal://agents.global.org-77.system.id.goog.evil.net/resources/run/projects/12/locations/l/services/s": {},
		"principal://agents.global.org-x.system.id.goog/resources/run/projects/12/locations/l/services/s":           {},
		"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s":              {},
		"user:a@agents.global.org-77.system.id.goog":                                                                {},
	} {
		if one, set := m.AgentWorkload(); [2]bool{one, set} != want {
			t.Errorf("%s: %t, %t", m, one, set)
		}
	}
}
