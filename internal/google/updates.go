package google

import (
	"context"
	"errors"
	"fmt"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// errNoEtag refuses a write that would overwrite whatever is there.
var errNoEtag = errors.New("the state it is decided on has no etag")

// newRevision, in a mask with no value beside it, has Cloud Run name the new
// revision. Without it the template's old name stays, and the update is refused
// (see takenRevision).
const newRevision = "template.revision"

// SetIdentity makes the workload's template run as the account, if w.Etag is
// current; otherwise the error matches fault.ErrConflict. It returns when
// Google's operation has ended. That is a deploy: it needs the right to act as
// the account, and running executions of a job keep the account they have.
//
// The write is rehearsed first: an error matching fault.ErrUnwritten says
// that Google would not have taken it. One matching fault.ErrRefused alone
// can come after the write: the template
// is changed, and its revision cannot start. An error that is no conflict, not
// found, refusal or missing permission leaves open whether the change was made:
// read the workload again.
func (c *Client) SetIdentity(ctx context.Context, w cloud.Workload, email string) error {
	if err := checkUpdate(w, email); err != nil {
		return fmt.Errorf("set identity of %s: %w: %w", w.Resource, fault.ErrRefused, err)
	}
	var err error
	switch w.Resource.Kind {
	case cloud.RunService:
		err = c.updateService(ctx, &runpb.Service{
			Name: w.Resource.Path(), Etag: w.Etag, Template: &runpb.RevisionTemplate{ServiceAccount: email},
		}, "template.service_account", newRevision)
	case cloud.RunWorkerPool:
		err = c.updateWorkerPool(ctx, &runpb.WorkerPool{
			Name: w.Resource.Path(), Etag: w.Etag, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: email},
		}, "template.service_account", newRevision)
	case cloud.RunJob:
		return c.setJobIdentity(ctx, w, email)
	default:
		err = fmt.Errorf("%w: a %q is no workload", fault.ErrRefused, w.Resource.Kind)
	}
	return explainDeploy(err, w.Resource, email)
}

// SetInvokerCheck turns a service's invoker check on or off, if w.Etag is
// current; otherwise the error matches fault.ErrConflict. No revision is
// made, so what serves goes on serving. Its errors are those of SetIdentity.
func (c *Client) SetInvokerCheck(ctx context.Context, w cloud.Workload, on bool) error {
	doing := "disable invoker IAM of"
	if on {
		doing = "require invoker IAM of"
	}
	if w.Resource.Kind != cloud.RunService {
		return fmt.Errorf("%s %s: %w: a %q has no invoker check", doing, w.Resource, fault.ErrRefused, w.Resource.Kind)
	}
	if w.Etag == "" {
		return fmt.Errorf("%s %s: %w: %w", doing, w.Resource, fault.ErrRefused, errNoEtag)
	}
	s := &runpb.Service{Name: w.Resource.Path(), Etag: w.Etag, InvokerIamDisabled: !on}
	err := c.updateService(ctx, s, "invoker_iam_disabled")
	if takenRevision(err) {
		// Seen even where the mask names nothing of the template.
		err = c.updateService(ctx, s, "invoker_iam_disabled", newRevision)
	}
	// Cloud Run's documentation asks for all three.
	return explainUpdate(err, doing, w,
		"run.services.create, run.services.update or run.services.setIamPolicy")
}

// SetIngress says where requests to a service may come from, in the words of
// cloud.Workload, if w.Etag is current; otherwise the error matches
// fault.ErrConflict. No revision is made. Its errors are those of
// SetIdentity.
func (c *Client) SetIngress(ctx context.Context, w cloud.Workload, ingress string) error {
	to, known := ingressOf(ingress)
	switch {
	case w.Resource.Kind != cloud.RunService:
		return fmt.Errorf("set ingress of %s: %w: a %q has no ingress", w.Resource, fault.ErrRefused, w.Resource.Kind)
	case !known:
		return fmt.Errorf("set ingress of %s: %w: no ingress is called %q", w.Resource, fault.ErrRefused, ingress)
	case w.Etag == "":
		return fmt.Errorf("set ingress of %s: %w: %w", w.Resource, fault.ErrRefused, errNoEtag)
	}
	s := &runpb.Service{Name: w.Resource.Path(), Etag: w.Etag, Ingress: to}
	err := c.updateService(ctx, s, "ingress")
	if takenRevision(err) {
		err = c.updateService(ctx, s, "ingress", newRevision)
	}
	return explainUpdate(err, "set ingress of", w, permission(w.Resource.Kind, "update"))
}

// updateService never sets allow_missing: that would bring a deleted service back.
func (c *Client) updateService(ctx context.Context, s *runpb.Service, mask ...string) error {
	return rehearsed(ctx, c, func(ctx context.Context, rehearse bool) (*run.UpdateServiceOperation, error) {
		return call(ctx, c.services().UpdateService, &runpb.UpdateServiceRequest{
			Service: s, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}, ValidateOnly: rehearse,
		})
	})
}

func (c *Client) updateWorkerPool(ctx context.Context, p *runpb.WorkerPool, mask ...string) error {
	return rehearsed(ctx, c, func(ctx context.Context, rehearse bool) (*run.UpdateWorkerPoolOperation, error) {
		return call(ctx, c.pools().UpdateWorkerPool, &runpb.UpdateWorkerPoolRequest{
			WorkerPool: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: mask}, ValidateOnly: rehearse,
		})
	})
}

// setJobIdentity writes the whole job, because UpdateJob has no mask: what was
// read just now, fields we do not know included, with one field changed.
func (c *Client) setJobIdentity(ctx context.Context, w cloud.Workload, email string) error {
	j, err := c.getJob(ctx, w.Resource)
	if err != nil {
		return err
	}
	task := j.GetTemplate().GetTemplate()
	if j.GetEtag() != w.Etag || task == nil {
		return fmt.Errorf("set identity of %s: %w", w.Resource, fault.ErrConflict)
	}
	task.ServiceAccount = email
	err = rehearsed(ctx, c, func(ctx context.Context, rehearse bool) (*run.UpdateJobOperation, error) {
		return call(ctx, c.jobs().UpdateJob, &runpb.UpdateJobRequest{Job: j, ValidateOnly: rehearse})
	})
	return explainDeploy(err, w.Resource, email)
}

func checkUpdate(w cloud.Workload, email string) error {
	if w.Etag == "" {
		return errNoEtag
	}
	if email == "" {
		return errors.New("no account: leaving it out would mean the default service account")
	}
	return nil
}

// explainUpdate explains an error of an update that makes no revision. Cloud
// Run's documentation asks whoever updates a service for the right to act as
// its account, whatever the update changes.
func explainUpdate(err error, doing string, w cloud.Workload, permission string) error {
	if deniedActAs(err) && w.Identity.Email != "" {
		return explainDeploy(err, w.Resource, w.Identity.Email)
	}
	return explain(err, doing, w.Resource, permission)
}

// explainDeploy explains an error of an update that deploys as the account.
func explainDeploy(err error, r cloud.Resource, email string) error {
	if deniedActAs(err) {
		account := cloud.Resource{Kind: cloud.ServiceAccount, Project: "-", Name: email}
		return explain(err, "act as", account, "iam.serviceAccounts.actAs")
	}
	return explain(err, "set identity of", r, permission(r.Kind, "update"))
}
