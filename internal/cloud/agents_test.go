package cloud

import (
	"strings"
	"testing"
)

func TestGoogleManagedAccountsAreKnownByTheirFullDomain(t *testing.T) {
	for email, want := range map[string]bool{
		"service-264172533001@gcp-sa-pubsub.iam.gserviceaccount.com":           true,
		"service-264172533001@serverless-robot-prod.iam.gserviceaccount.com":   true,
		"service-org-77@security-center-api.iam.gserviceaccount.com":           true,
		"service-folder-4001@gcp-sa-logging.iam.gserviceaccount.com":           true,
		"p264172533001-123456@gcp-sa-logging.iam.gserviceaccount.com":          true,
		"service-org-77@gcp-sa-pam.iam.gserviceaccount.com":                    true,
		"service-264172533001@gcp-sa-vertex-es.iam.gserviceaccount.com":        true,
		"service-264172533001@gcp-sa-devconnect.iam.gserviceaccount.com":       true,
		"service-264172533001@gae-api-prod.google.com.iam.gserviceaccount.com": true,
		"264172533001@cloudservices.gserviceaccount.com":                       true,
		"264172533001@cloudbuild.gserviceaccount.com":                          true,
		"service-agent-manager@system.gserviceaccount.com":                     true,

		"service-1@gae-api-prod.iam.gserviceaccount.com":               false,
		"264172533001-compute@developer.gserviceaccount.com":           false,
		"service-api@pay-prod.iam.gserviceaccount.com":                 false,
		"service-123456@their-project.iam.gserviceaccount.com":         false,
		"service-264172533001@gcp-sa-evil.iam.gserviceaccount.com":     false,
		"service-1@gcp-sa-pubsub.iam.gserviceaccount.com.evil.example": false,
		"service-1@evil.gcp-sa-pubsub.iam.gserviceaccount.com":         false,
		"service-1@gcp-sa-PUBSUB.iam.gserviceaccount.com":              false,
		"@gcp-sa-pubsub.iam.gserviceaccount.com":                       false,
		"gcp-sa-pubsub.iam.gserviceaccount.com":                        false,
		"ada@example.com":                                              false,
		"":                                                             false,
	} {
		if got := IsGoogleManaged(email); got != want {
			t.Errorf("%q: Google-managed %v, want %v", email, got, want)
		}
	}
}

// A domain that is listed with a slip would be nobody's.
func TestTheListOfAgentsHoldsDomainsOnce(t *testing.T) {
	seen := map[string]bool{}
	for line := range strings.Lines(agentDomains) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, d := range strings.Fields(line) {
			if seen[d] {
				t.Errorf("%s is there twice", d)
			}
			seen[d] = true
		}
	}
	if len(agents) != len(seen) || len(agents) < 280 {
		t.Errorf("%d agents of %d domains", len(agents), len(seen))
	}
	for d := range agents {
		if label := strings.TrimSuffix(d, ".iam.gserviceaccount.com"); strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.HasPrefix(label, "-") {
			t.Errorf("%q is no domain", d)
		}
	}
}

func TestAnAgentsNameSaysWhatItWorksFor(t *testing.T) {
	for name, want := range map[string]Resource{
		"service-264172533001":   ProjectResource("264172533001"),
		"264172533001":           ProjectResource("264172533001"),
		"project-264172533001":   ProjectResource("264172533001"),
		"bq-264172533001":        ProjectResource("264172533001"),
		"bqcx-264172533001-a1b2": ProjectResource("264172533001"),
		"p264172533001-123456":   ProjectResource("264172533001"),
		"service-org-77":         OrganizationResource("77"),
		"o77-123456":             OrganizationResource("77"),
		"service-folder-4001":    FolderResource("4001"),
		"f4001-123456":           FolderResource("4001"),
		"service-agent-manager":  {},
		"cloud-logs":             {},
	} {
		if got, told := AgentOf(name + "@gcp-sa-x.iam.gserviceaccount.com"); !told || got != want {
			t.Errorf("%s: %v, told %v; want %v", name, got, told, want)
		}
	}
	for _, name := range []string{
		"service-264172533001-1", "service-x264172533001", "p264172533001", "p264172533001-", "bqcx-264172533001", "p-264172533001",
		"service-project-264172533001", "x1", "service-org-77-1", "1-", "-1",
	} {
		if got, told := AgentOf(name + "@gcp-sa-x.iam.gserviceaccount.com"); told {
			t.Errorf("%s is told to work for %v", name, got)
		}
	}
}
