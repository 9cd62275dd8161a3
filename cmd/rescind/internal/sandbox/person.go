package sandbox

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"cloud.google.com/go/iam/apiv1/iampb"
	resourcemanager "cloud.google.com/go/resourcemanager/apiv3"
	cloudrun "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Person is somebody with Google's own clients, who makes the changes that
// rescind then sees.
type Person struct {
	conn     *grpc.ClientConn
	services *cloudrun.ServicesClient
	jobs     *cloudrun.JobsClient
	pools    *cloudrun.WorkerPoolsClient
	projects *resourcemanager.ProjectsClient
}

// as returns the person with that e-mail.
func (w *World) as(ctx context.Context, email string) (*Person, error) {
	if p, ok := w.people[email]; ok {
		return p, nil
	}
	conn, err := grpc.NewClient(w.SimAddr,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(Bearer(email)))
	if err != nil {
		return nil, fmt.Errorf("connect as %s: %w", email, err)
	}
	p := &Person{conn: conn}
	o := option.WithGRPCConn(conn)
	var errs [4]error
	p.services, errs[0] = cloudrun.NewServicesClient(ctx, o)
	p.jobs, errs[1] = cloudrun.NewJobsClient(ctx, o)
	p.pools, errs[2] = cloudrun.NewWorkerPoolsClient(ctx, o)
	p.projects, errs[3] = resourcemanager.NewProjectsClient(ctx, o)
	w.people[email] = p
	return p, errors.Join(errs[:]...)
}

// Close ends the person's connection.
func (p *Person) Close() error { return p.conn.Close() }

// IAMPolicies is what services and projects have in common here.
type IAMPolicies struct {
	get func(*iampb.GetIamPolicyRequest) (*iampb.Policy, error)
	set func(*iampb.SetIamPolicyRequest) (*iampb.Policy, error)
}

// ServicePolicies are the allow policies of services, as the person reads and
// writes them.
func (p *Person) ServicePolicies(ctx context.Context) IAMPolicies {
	return IAMPolicies{
		func(r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) { return p.services.GetIamPolicy(ctx, r) },
		func(r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) { return p.services.SetIamPolicy(ctx, r) },
	}
}

func (p *Person) projectPolicies(ctx context.Context) IAMPolicies {
	return IAMPolicies{
		func(r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) { return p.projects.GetIamPolicy(ctx, r) },
		func(r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) { return p.projects.SetIamPolicy(ctx, r) },
	}
}

// Grant adds one grant, as `gcloud ... add-iam-policy-binding` does.
func (i IAMPolicies) Grant(resource, role, member string) error {
	p, err := i.get(&iampb.GetIamPolicyRequest{Resource: resource, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(p.Bindings, func(b *iampb.Binding) bool { return b.Role == role && b.Condition == nil })
	if at < 0 {
		p.Bindings, at = append(p.Bindings, &iampb.Binding{Role: role}), len(p.Bindings)
	}
	if !slices.Contains(p.Bindings[at].Members, member) {
		p.Bindings[at].Members = append(p.Bindings[at].Members, member)
	}
	_, err = i.set(&iampb.SetIamPolicyRequest{Resource: resource, Policy: p})
	return err
}

// runServiceAs deploys the service anew to run as the account.
func (p *Person) runServiceAs(ctx context.Context, name, account string) error {
	return p.updateService(ctx, name, &runpb.RevisionTemplate{ServiceAccount: account}, "template.service_account")
}

// runImageAs deploys another image to the service, to run as the account.
func (p *Person) runImageAs(ctx context.Context, name, image, account string) error {
	return p.updateService(ctx, name, &runpb.RevisionTemplate{ServiceAccount: account, Containers: []*runpb.Container{{Image: image}}},
		"template.service_account", "template.containers")
}

func (p *Person) updateService(ctx context.Context, name string, t *runpb.RevisionTemplate, mask ...string) error {
	op, err := p.services.UpdateService(ctx, &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: name, Template: t}, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask},
	})
	if err != nil {
		return err
	}
	_, err = op.Wait(ctx)
	return err
}

// runJobAs deploys the job anew to run as the account.
func (p *Person) runJobAs(ctx context.Context, name, account string) error {
	j, err := p.jobs.GetJob(ctx, &runpb.GetJobRequest{Name: name})
	if err != nil {
		return err
	}
	j.Template.Template.ServiceAccount = account
	op, err := p.jobs.UpdateJob(ctx, &runpb.UpdateJobRequest{Job: j})
	if err != nil {
		return err
	}
	_, err = op.Wait(ctx)
	return err
}

// runPoolAs deploys the worker pool anew to run as the account.
func (p *Person) runPoolAs(ctx context.Context, name, account string) error {
	op, err := p.pools.UpdateWorkerPool(ctx, &runpb.UpdateWorkerPoolRequest{
		WorkerPool: &runpb.WorkerPool{Name: name, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: account}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account"}},
	})
	if err != nil {
		return err
	}
	_, err = op.Wait(ctx)
	return err
}
