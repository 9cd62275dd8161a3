package auditlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// corpus is a collection of entries that public repositories publish. It is
// not part of this repository.
const corpus = "../../../shared/corpus"

// corpusChanges are the entries that are more than noise, and what they say.
var corpusChanges = map[string]string{
	"panther-analysis/panther-relevant.jsonl:1":  "create " + exfil + " by user:some.user@company.com, runs as abc-test@some-project.iam.gserviceaccount.com",
	"panther-analysis/panther-relevant.jsonl:12": "createKey //iam.googleapis.com/projects/gcp-project1/serviceAccounts/created-service-account@gcp-project1.iam.gserviceaccount.com by user:staging@company.io",
	"panther-analysis/panther-relevant.jsonl:2":  "setIamPolicy " + exfil + " by user:some.user@company.com, policy of 1",
	"panther-analysis/panther-relevant.jsonl:3":  "setIamPolicy " + verve + " by user:test@runpanther.com, +1 -0",
	"panther-analysis/panther-relevant.jsonl:4":  "setIamPolicy " + verve + " by user:test@runpanther.com, +1 -0",
	"panther-analysis/panther-relevant.jsonl:5":  "setIamPolicy " + verve + " by serviceAccount:service-agent-manager@system.gserviceaccount.com, +1 -0",
	"panther-analysis/panther-relevant.jsonl:7": "setIamPolicy //cloudresourcemanager.googleapis.com/organizations/888888888888" +
		" by serviceAccount:terraform@platform.iam.gserviceaccount.com, +1 -0",
	"panther-analysis/panther-relevant.jsonl:10": "setIamPolicy //iam.googleapis.com/projects/gcp-project1/serviceAccounts/test-account3@gcp-project1.iam.gserviceaccount.com" +
		" by user:user@company.io, +2 -0",
	"panther-analysis/panther-relevant.partial.jsonl:7": "setIamPolicy //cloudresourcemanager.googleapis.com/projects/eastern-nurve-222999" +
		" by user:test@runpanther.io, +2 -1",
	"cloud-custodian/c7n-events.jsonl:10":                      "defineRole //cloudresourcemanager.googleapis.com/projects/mythic-tribute-232915 by user:custodian.gcp.test@gmail.com",
	"panther-analysis/panther-relevant.jsonl:6":                "defineRole " + verve + " by user:user.name@runpanther.io",
	"professional-services/gcp-professional-services.jsonl:19": "failed call: createKey //iam.googleapis.com/projects/customer-monitoring-prod/serviceAccounts/domain-pub-sub@customer-monitoring-prod.iam.gserviceaccount.com by user:user@domain.com",
	"security-analytics/gcp-security-analytics.jsonl:5":        "setIamPolicy //cloudresourcemanager.googleapis.com/projects/1234 by user:test-user@example.com, +1 -0",
	"security-analytics/gcp-security-analytics.jsonl:8":        "setIamPolicy " + sa100 + " by user:admin@example.com, +1 -0",
	"security-analytics/gcp-security-analytics.jsonl:9":        "setIamPolicy " + sa100 + " by user:admin@example.com, +1 -0",
	"stratus-red-team/stratus-docs.partial.jsonl:9": "setIamPolicy //iam.googleapis.com/projects/victim-project/serviceAccounts/" +
		"stratus-red-team-bip-sa@victim-project.iam.gserviceaccount.com by unknown, +1 -0",

	// Only the request is left of it.
	"panther-analysis/panther-placeholder.partial.jsonl:2": "setIamPolicy " + exfil + " by user:some.user@company.com, policy of 1, stored policy unread",
	// Code 6, and "..." for its resource.
	"panther-analysis/panther-placeholder.partial.jsonl:1": "failed call: create  by user:some.user@company.com",

	// Its author removed methodName.
	"panther-analysis/panther-placeholder.partial.jsonl:3": "unreadable entry",
	// Their authors removed logName.
	"panther-analysis/panther-relevant.partial.jsonl:6": "unreadable entry",
	"stratus-red-team/stratus-docs.partial.jsonl:7":     "unreadable entry",
	"stratus-red-team/stratus-docs.partial.jsonl:10":    "unreadable entry",
	// serviceName stands outside of protoPayload.
	"panther-analysis/panther-relevant.partial.jsonl:1": "unreadable entry",
}

const (
	exfil = "//run.googleapis.com/projects/some-project/locations/us-west1/services/cloudrun-exfil"
	verve = "//cloudresourcemanager.googleapis.com/projects/western-verve-123456"
	sa100 = "//iam.googleapis.com/projects/my-project/serviceAccounts/sa-100@1234.iam.gserviceaccount.com"
)

func TestTheCorpusIsRead(t *testing.T) {
	if _, err := os.Stat(corpus); errors.Is(err, fs.ErrNotExist) {
		t.Skip("the corpus of public entries is not here: " + corpus)
	}
	files, err := filepath.Glob(corpus + "/*/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in the corpus: %v", err)
	}
	got := map[string]string{}
	read := 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(corpus, file)
		for i, line := range bytes.Split(b, []byte("\n")) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			read++
			if s := summary(Decode(line)); s != "" {
				got[fmt.Sprintf("%s:%d", filepath.ToSlash(rel), i+1)] = s
			}
		}
	}
	if read != 240 {
		t.Errorf("%d entries read, want 240", read)
	}
	if diff := cmp.Diff(corpusChanges, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// summary is one line of what was decoded, empty for what is no change.
func summary(c cloud.Change, err error) string {
	if errors.Is(err, ErrNotChange) {
		return ""
	}
	if errors.Is(err, ErrUnreadable) {
		return ErrUnreadable.Error()
	}
	var b strings.Builder
	if err != nil {
		before, _, _ := strings.Cut(err.Error(), ":")
		b.WriteString(before + ": ")
	}
	fmt.Fprintf(&b, "%s %s by %s", c.Verb, c.Resource, c.Actor.Principal)
	if w := c.Workload; w != nil {
		fmt.Fprintf(&b, ", runs as %s", w.Identity.Email)
	}
	if c.Policy != nil {
		fmt.Fprintf(&b, ", policy of %d", len(c.Policy.Grants()))
	}
	if c.HasDelta {
		fmt.Fprintf(&b, ", +%d -%d", len(c.Added()), len(c.Removed()))
	}
	for _, u := range c.Unread {
		fmt.Fprintf(&b, ", %s unread", u.Field)
	}
	return b.String()
}
