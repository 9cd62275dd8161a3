package sim

import (
	"net/http"

	"google.golang.org/genproto/googleapis/api/annotations"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// Handler answers the REST face and gcloud's. It may be used as an HTTP proxy:
// gcloud asks for "REGION-run.test", and the region is read from that host.
func (c *Cloud) Handler() http.Handler {
	rest := transcode.New(extraRules())
	c.register(rest)
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	(&v1{c}).routes(mux)
	return mux
}

// extraRules are paths that no annotation names: Cloud Run has its operations
// under its own version, and gcloud calls older versions of Resource Manager
// whose requests and answers are the same.
func extraRules() map[string][]*annotations.HttpRule {
	return map[string][]*annotations.HttpRule{
		"google.longrunning.Operations.GetOperation": {transcode.Get("/v2/{name=projects/*/locations/*/operations/*}")},
		"google.cloud.resourcemanager.v3.Projects.GetIamPolicy": {
			transcode.Post("/v1/{resource=projects/*}:getIamPolicy"), transcode.Post("/v1beta1/{resource=projects/*}:getIamPolicy"),
		},
		"google.cloud.resourcemanager.v3.Projects.SetIamPolicy":      {transcode.Post("/v1/{resource=projects/*}:setIamPolicy")},
		"google.cloud.resourcemanager.v3.Folders.GetIamPolicy":       {transcode.Post("/v2/{resource=folders/*}:getIamPolicy")},
		"google.cloud.resourcemanager.v3.Folders.SetIamPolicy":       {transcode.Post("/v2/{resource=folders/*}:setIamPolicy")},
		"google.cloud.resourcemanager.v3.Organizations.GetIamPolicy": {transcode.Post("/v1/{resource=organizations/*}:getIamPolicy")},
		"google.cloud.resourcemanager.v3.Organizations.SetIamPolicy": {transcode.Post("/v1/{resource=organizations/*}:setIamPolicy")},
	}
}
