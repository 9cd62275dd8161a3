package cloud

import "strings"

// The products that deploy workloads of their own, and write them again at their
// next deploy. What they write is the service account and the ingress: grants and the
// invoker check are none of theirs.
const (
	CloudFunctions = "Cloud Functions"
	Firebase       = "Firebase"
)

// managedByLabel is what such a product sets on what it deploys.
// https://cloud.google.com/functions/docs/monitoring
const managedByLabel = "goog-managed-by"

// ControllerByLabel names the product whose label is there, or "". Whoever deploys a
// workload chooses its labels, so a label proves nothing by itself.
func ControllerByLabel(labels map[string]string) string {
	switch by := labels[managedByLabel]; {
	case by == "cloudfunctions":
		return CloudFunctions
	case strings.HasPrefix(by, "firebase"):
		return Firebase
	}
	return ""
}

// ControllerByAgent names the product that the account deploys for, or "". Whose agent
// it is, is for the caller to find out.
func ControllerByAgent(email string) string {
	_, domain, _ := strings.Cut(email, "@")
	switch domain {
	case "gcf-admin-robot.iam.gserviceaccount.com":
		return CloudFunctions
	case "gcp-sa-firebaseapphosting.iam.gserviceaccount.com":
		return Firebase
	}
	return ""
}
