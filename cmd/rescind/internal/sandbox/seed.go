package sandbox

import (
	"errors"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/type/expr"

	"github.com/rescind-dev/rescind/internal/sim"
)

// The simulated organization: one folder in which run.managed.requireInvokerIam
// is enforced, one project with services, a job and a worker pool.
const (
	Project        = "pay-prod"
	projectNumber  = "264172533001"
	Location       = "projects/pay-prod/locations/europe-west1"
	API            = Location + "/services/api"
	Checkout       = Location + "/services/checkout"
	Reports        = Location + "/services/reports"
	Nightly        = Location + "/jobs/nightly"
	QueuePool      = Location + "/workerPools/queue"
	APIAccount     = "api@pay-prod.iam.gserviceaccount.com"
	Webhook        = Location + "/services/webhook"
	DefaultAccount = projectNumber + "-compute@developer.gserviceaccount.com"
)

// Shop are the services of one Terraform module.
func Shop() []string {
	return []string{"shop-cart", "shop-catalog", "shop-orders", "shop-search", "shop-stock"}
}

// image is one by its digest, as a pipeline deploys what it built and nothing else.
func image(name, digest string) string {
	return "europe-docker.pkg.dev/pay-prod/run/" + name + "@sha256:" + strings.Repeat(digest, 32)
}

func seed(c *sim.Cloud) error {
	c.AddOrganization("77")
	c.AddFolder("4001", "organizations/77")
	c.AddProject(Project, projectNumber, "folders/4001", "organizations/77")
	c.SetConstraint("folders/4001", "run.managed.requireInvokerIam", true)
	account := func(name string) string { return name + "@pay-prod.iam.gserviceaccount.com" }
	container := []*runpb.Container{{Image: image("app", "7a")}}
	service := func(name, acct string) *runpb.Service {
		return &runpb.Service{Name: name, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_ALL,
			Template: &runpb.RevisionTemplate{ServiceAccount: acct, Containers: container}}
	}
	var shop []error
	for _, name := range Shop() {
		shop = append(shop, c.PutService(service(Location+"/services/"+name, account(name))))
	}
	return errors.Join(
		errors.Join(shop...),
		c.PutService(service(Webhook, account("webhook"))),
		c.PutService(service(API, APIAccount)),
		c.PutService(service(Checkout, account("checkout"))),
		c.PutService(service(Reports, account("reports"))),
		c.PutJob(&runpb.Job{Name: Nightly, Template: &runpb.ExecutionTemplate{
			Template: &runpb.TaskTemplate{ServiceAccount: account("nightly"), Containers: container}}}),
		c.PutWorkerPool(&runpb.WorkerPool{Name: QueuePool, Template: &runpb.WorkerPoolRevisionTemplate{
			ServiceAccount: account("queue"), Containers: container}}),
		// The conditional grant is there to be left alone.
		c.PutPolicy(API, &iampb.Policy{Version: 3, Bindings: []*iampb.Binding{
			{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}},
			{Role: "roles/run.invoker", Members: []string{"user:partner@example.org"},
				Condition: &expr.Expr{Title: "until the pilot ends", Expression: `request.time < timestamp("2027-01-01T00:00:00Z")`}},
		}}),
		c.PutPolicy("projects/"+Project, &iampb.Policy{Bindings: []*iampb.Binding{
			{Role: "roles/owner", Members: []string{"group:platform@example.com"}},
			{Role: "roles/run.developer", Members: []string{"group:developers@example.com"}},
		}}),
	)
}
