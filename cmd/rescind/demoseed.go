package main

import (
	"errors"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/type/expr"

	"github.com/rescind-dev/rescind/internal/sim"
)

// The simulated organization: one folder in which run.managed.requireInvokerIam
// is enforced, one project with services, a job and a worker pool.
const (
	demoProject    = "pay-prod"
	demoNumber     = "264172533001"
	demoLocation   = "projects/pay-prod/locations/europe-west1"
	demoAPI        = demoLocation + "/services/api"
	demoCheckout   = demoLocation + "/services/checkout"
	demoReports    = demoLocation + "/services/reports"
	demoNightly    = demoLocation + "/jobs/nightly"
	demoQueuePool  = demoLocation + "/workerPools/queue"
	demoAPIAccount = "api@pay-prod.iam.gserviceaccount.com"
	demoWebhook    = demoLocation + "/services/webhook"
	demoDefault    = demoNumber + "-compute@developer.gserviceaccount.com"
)

// demoShop are the services of one Terraform module.
var demoShop = []string{"shop-cart", "shop-catalog", "shop-orders", "shop-search", "shop-stock"}

func seed(c *sim.Cloud) error {
	c.AddOrganization("77")
	c.AddFolder("4001", "organizations/77")
	c.AddProject(demoProject, demoNumber, "folders/4001", "organizations/77")
	c.SetConstraint("folders/4001", "run.managed.requireInvokerIam", true)
	account := func(name string) string { return name + "@pay-prod.iam.gserviceaccount.com" }
	container := []*runpb.Container{{Image: "europe-docker.pkg.dev/pay-prod/run/app:v7"}}
	service := func(name, acct string) *runpb.Service {
		return &runpb.Service{Name: name, Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_ALL,
			Template: &runpb.RevisionTemplate{ServiceAccount: acct, Containers: container}}
	}
	var shop []error
	for _, name := range demoShop {
		shop = append(shop, c.PutService(service(demoLocation+"/services/"+name, account(name))))
	}
	return errors.Join(
		errors.Join(shop...),
		c.PutService(service(demoWebhook, account("webhook"))),
		c.PutService(service(demoAPI, demoAPIAccount)),
		c.PutService(service(demoCheckout, account("checkout"))),
		c.PutService(service(demoReports, account("reports"))),
		c.PutJob(&runpb.Job{Name: demoNightly, Template: &runpb.ExecutionTemplate{
			Template: &runpb.TaskTemplate{ServiceAccount: account("nightly"), Containers: container}}}),
		c.PutWorkerPool(&runpb.WorkerPool{Name: demoQueuePool, Template: &runpb.WorkerPoolRevisionTemplate{
			ServiceAccount: account("queue"), Containers: container}}),
		// The conditional grant is there to be left alone.
		c.PutPolicy(demoAPI, &iampb.Policy{Version: 3, Bindings: []*iampb.Binding{
			{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}},
			{Role: "roles/run.invoker", Members: []string{"user:partner@example.org"},
				Condition: &expr.Expr{Title: "until the pilot ends", Expression: `request.time < timestamp("2027-01-01T00:00:00Z")`}},
		}}),
		c.PutPolicy("projects/"+demoProject, &iampb.Policy{Bindings: []*iampb.Binding{
			{Role: "roles/owner", Members: []string{"group:platform@example.com"}},
			{Role: "roles/run.developer", Members: []string{"group:developers@example.com"}},
		}}),
	)
}
