package fold

import "testing"

func TestMembersAndAddressesAreWrittenAsIAMStoresThem(t *testing.T) {
	for text, want := range map[string]string{
		"user:Ada@Example.com":                                "user:ada@example.com",
		"serviceAccount:API@p.iam.gserviceaccount.com":        "serviceAccount:api@p.iam.gserviceaccount.com",
		"domain:Example.com":                                  "domain:example.com",
		"Ada@Example.com":                                     "ada@example.com",
		"principal://x/subject/Ada@Example.com":               "principal://x/subject/Ada@Example.com",
		"deleted:user:Ada@example.com?uid=1":                  "deleted:user:Ada@example.com?uid=1",
		"roles/run.Invoker":                                   "roles/run.Invoker",
		"somebody @ Example":                                  "somebody @ Example",
		"//iam.googleapis.com/projects/P/serviceAccounts/A@b": "//iam.googleapis.com/projects/P/serviceAccounts/A@b",
		"@": "@", "allUsers": "allUsers", "": "",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
