package cloud

import "strings"

// agentDomains are the domains of Google's service agents, before
// ".iam.gserviceaccount.com", as of 2026-11-28; those of the second list have
// "gcp-sa-" before them. A project id can look like most of these, so one that is
// not here is taken for somebody's project, and the agent for their account:
// service-1@gcp-sa-new.iam.gserviceaccount.com can be made by whoever is first to
// name a project gcp-sa-new.
// https://cloud.google.com/iam/docs/service-agents
const (
	agentDomains = `
	bigquery-encryption cloud-cdn-fill cloud-filer cloud-memcache-sa cloud-ml.google.com cloud-redis cloud-tpu
	cloudcomposer-accounts compute-system container-analysis container-engine-robot containerregistry
	dataflow-service-producer-prod dataproc-accounts dlp-api endpoints-portal firebase-rules
	gae-api-prod.google.com gcf-admin-robot gcp-gae-service genomics-api.google.com gs-project-accounts
	remotebuildexecution security-center-api serverless-robot-prod service-consumer-management service-networking
	sourcerepo-service-accounts storage-transfer-service
`
	agentDomainsSA = `
	accessapproval adsdatahub aiplatform aiplatform-cc alloydb anthos anthosaudit anthosconfigmanagement
	anthosidentityservice anthossupport apigateway apigateway-mgmt apigee apigeeregistry appdevexperience
	artifactregistry assuredworkloads automl backupdr backupdr-run bigquery-condel bigquerydatatransfer
	bigqueryri bigtable binaryauthorization bms ccaip certificatemanager chronicle cloud-cw cloud-ekg cloud-ids
	cloud-sql cloud-trace cloudasset cloudbatch cloudbuild clouddeploy cloudiot cloudkms cloudoptim
	cloudscheduler cloudtasks compute-usage config connectors contactcenterinsights containerscanning
	dataconnectors dataform datafusion datalabeling datamigration datapipelines dataplex datastream datastudio
	dialogflow discoveryengine edgecontainer edgecontainercluster ekms endpoints eventarc firebase
	firebaseappcheck firebasedatabase firebasemods firebasestorage firestore firewallinsights gameservices
	gkebackup gkehub gkemulticloud gkenode gkeonprem gsuiteaddons healthcare iap identitytoolkit integrations
	krmapihosting krmapihosting-dataplane ktd-control lifesciences livestream log-cloudbuild logging mcmetering
	mcsd meshconfig meshcontrolplane meshdataplane metastore mi migcenter monitoring monitoring-notification
	multiclusteringress networkactions networkconnectivity networkmanagement networksecurity notebooks
	ondemandscanning osconfig playbooks privateca prod-bigqueryomni prod-dai-core pubsub pubsublite rbe
	recommendationengine retail riskmanager rma runapps scc-notification scc-vmtd secretmanager servicedirectory
	servicemesh slz spanner spectrumsas speech stream tpu transcoder transferappliance translation visionai
	vmmigration vmwareengine vpcaccess websecurityscanner workflows workloadcert workloadmanager workstations
`
)

// agents are the full domains of Google's service agents.
var agents = func() map[string]bool {
	out := map[string]bool{}
	for _, d := range strings.Fields(agentDomains) {
		out[d+".iam.gserviceaccount.com"] = true
	}
	for _, d := range strings.Fields(agentDomainsSA) {
		out["gcp-sa-"+d+".iam.gserviceaccount.com"] = true
	}
	return out
}()

// robots are the domains of Google's other accounts, which end otherwise.
var robots = map[string]bool{
	"cloudservices.gserviceaccount.com": true, "cloudbuild.gserviceaccount.com": true, "system.gserviceaccount.com": true,
}

// IsGoogleManaged reports whether the e-mail is a service agent or another
// account that Google itself operates, told by its full domain: the name before it
// can be anybody's. Such a member is never touched: removing it can break the
// service it works for.
// https://cloud.google.com/iam/docs/service-agents
func IsGoogleManaged(email string) bool {
	name, domain, _ := strings.Cut(email, "@")
	return name != "" && (agents[domain] || robots[domain])
}
