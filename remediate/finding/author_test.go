package finding

import (
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// unknown reports whether somebody unknown made one of the changes, where nobody says
// who can act through any account.
func unknown(f Finding) bool {
	return f.UnknownAuthor(func(string) bool { return false }) != ""
}

// madeBy reports whether the principal may have made one of the changes.
func madeBy(f Finding, principal string) bool { return f.AuthorLike(principal) != "" }

const (
	ci       = "serviceAccount:ci@ops.iam.gserviceaccount.com"
	deployer = "serviceAccount:deploy@ops.iam.gserviceaccount.com"
	agent    = "serviceAccount:service-264172533001@serverless-robot-prod.iam.gserviceaccount.com"
	pipeline = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/gh/subject/repo:x"
)

func TestI4AnAuthorIsKnownOnlyIfAPersonStandsInTheChain(t *testing.T) {
	const none = "-"
	for _, tt := range []struct {
		name      string
		chain     []string // the first to act first; the last is the principal
		explained []string // the names of accounts
		says      string   // of an author who is not known; none for one who is
		acting    []string
	}{
		{"a person", []string{ada}, nil, none, nil},
		{"a person, deleted since", []string{"deleted:user:ada@example.com?uid=1"}, nil, none, nil},
		{"a subject of a workforce pool", []string{pool + "ada@example.com"}, nil, none, nil},
		{"the same, escaped", []string{pool + "ada%40example.com"}, nil, none, nil},
		{"a person through an account", []string{ada, ci}, nil, none, nil},
		{"a person through an account that is explained", []string{ada, ci}, []string{"ci"}, none, nil},
		{"a person through two accounts", []string{ada, ci, deployer}, nil, none, nil},
		{"a subject of a workforce pool through an account", []string{pool + "ada@example.com", ci}, nil, none, nil},
		{"an account alone", []string{ci}, nil, "ci@ops.iam.gserviceaccount.com made it, and approvals.acts_for does not say", nil},
		{"an account in capitals, written as a user", []string{"user:CI@ops.iam.GServiceAccount.com"}, nil, "ci@ops.iam.gserviceaccount.com made it", nil},
		{"an account alone that is explained", []string{ci}, []string{"ci"}, none, []string{"ci"}},
		{"the same in capitals", []string{"serviceAccount:CI@Ops.iam.gserviceaccount.com"}, []string{"ci"}, none, []string{"ci"}},
		{"an account of another name that is explained", []string{ci}, []string{"deploy"}, "ci@ops.iam.gserviceaccount.com made it", nil},
		{"a deleted account", []string{"deleted:" + ci + "?uid=1"}, []string{"ci"}, none, []string{"ci"}},
		{"a build account", []string{"serviceAccount:264172533001@cloudbuild.gserviceaccount.com"}, nil, "264172533001@cloudbuild.gserviceaccount.com made it", nil},
		{"a build account that is explained", []string{"serviceAccount:264172533001@cloudbuild.gserviceaccount.com"}, []string{"264172533001"}, none, []string{"264172533001"}},
		{"an App Engine account of a domain's project", []string{"example.com:pay@appspot.gserviceaccount.com"}, nil, "example.com:pay@appspot.gserviceaccount.com made it", nil},
		{"a program of a workload pool", []string{pipeline}, nil, "names no person", nil},
		{"a program whose subject is a mail", []string{strings.Replace(pipeline, "repo:x", "ada@example.com", 1)}, nil, "names no person", nil},
		{"one whose subject imitates a workforce pool", []string{strings.Replace(pipeline, "repo:x", "locations/global/workforcePools/p/subject/ada@example.com", 1)}, nil, "names no person", nil},
		{"a program through an account", []string{pipeline, ci}, nil, "ci@ops.iam.gserviceaccount.com made it", nil},
		{"a program through an account that is explained", []string{pipeline, ci}, []string{"ci"}, none, []string{"ci"}},
		{"an account through one that is explained", []string{ci, deployer}, []string{"deploy"}, "ci@ops.iam.gserviceaccount.com made it", []string{"deploy"}},
		{"an explained account through another", []string{ci, deployer}, []string{"ci"}, none, []string{"ci"}},
		{"a workload, behind which is Google's agent", []string{agent, ci}, []string{"ci"}, none, []string{"ci"}},
		{"Google's agent alone", []string{agent}, nil, "made it", nil},
		{"a subject that is no mail", []string{pool + "7"}, nil, "a subject for whoever made it that is no mail", nil},
		{"the same through an account that is explained", []string{pool + "7", ci}, []string{"ci"}, none, []string{"ci"}},
		{"the same beside a person", []string{pool + "7", ada}, nil, "a subject for whoever made it that is no mail", nil},
		{"a user without a mail", []string{"user:root"}, nil, "names no person", nil},
		{"a group", []string{"group:ada@example.com"}, nil, "names no person", nil},
		{"nobody", []string{cloud.UnknownActor}, []string{"ci"}, "does not say who made it", nil},
	} {
		explained := func(email string) bool {
			name, _, _ := strings.Cut(email, "@")
			return slices.Contains(tt.explained, name)
		}
		last := len(tt.chain) - 1
		f := by(cloud.Actor{Principal: tt.chain[last], Delegation: tt.chain[:last]})
		why := f.UnknownAuthor(explained)
		if (why == "") != (tt.says == none) || tt.says != none && !strings.Contains(why, tt.says) {
			t.Errorf("%s: %q, want %q", tt.name, why, tt.says)
		}
		var acting []string
		for _, email := range f.ActingAccounts(explained) {
			name, _, _ := strings.Cut(email, "@")
			acting = append(acting, name)
		}
		if !slices.Equal(acting, tt.acting) {
			t.Errorf("%s: acting are %q, want %q", tt.name, acting, tt.acting)
		}
		if both := by(f.Actors[0], cloud.Actor{Principal: ada}); (both.UnknownAuthor(explained) == "") != (tt.says == none) {
			t.Errorf("%s, and somebody known: unknown as %q", tt.name, both.UnknownAuthor(explained))
		}
	}
	if !unknown(Finding{}) {
		t.Error("a change without an actor was made by somebody known")
	}
}
