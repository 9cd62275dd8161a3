package google

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/runrest"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// policyVersion is the only version that shows conditions; below it they read
// as "role_withcond_<hash>", and a write drops them.
// https://cloud.google.com/iam/docs/allow-policies#versions
const policyVersion = 3

// policyAPI is the pair of requests that every API with allow policies has.
type policyAPI struct {
	get func(context.Context, *iampb.GetIamPolicyRequest, ...gax.CallOption) (*iampb.Policy, error)
	set func(context.Context, *iampb.SetIamPolicyRequest, ...gax.CallOption) (*iampb.Policy, error)
}

// errNoInstancePolicy is an errors.ErrUnsupported: gRPC has no such method, and REST may not
// have it everywhere.
var errNoInstancePolicy = fmt.Errorf("the allow policy of an instance is read over REST alone: %w", errors.ErrUnsupported)

func (c *Client) policyAPI(k cloud.Kind) (policyAPI, bool) {
	switch k {
	case cloud.RunService:
		return policyAPI{c.services().GetIamPolicy, c.services().SetIamPolicy}, true
	case cloud.RunJob:
		return policyAPI{c.jobs().GetIamPolicy, c.jobs().SetIamPolicy}, true
	case cloud.RunWorkerPool:
		return policyAPI{c.pools().GetIamPolicy, c.pools().SetIamPolicy}, true
	case cloud.Project:
		return policyAPI{c.projects().GetIamPolicy, c.projects().SetIamPolicy}, true
	case cloud.Folder:
		return policyAPI{c.folders().GetIamPolicy, c.folders().SetIamPolicy}, true
	case cloud.Organization:
		return policyAPI{c.organizations().GetIamPolicy, c.organizations().SetIamPolicy}, true
	case cloud.ServiceAccount:
		return policyAPI{c.getAccountPolicy, c.setAccountPolicy}, true
	}
	return policyAPI{}, false
}

// getAccountPolicy and setAccountPolicy are those of the IAM API. A write there
// touches bindings and etag only, which is the default that the others spell out.
func (c *Client) getAccountPolicy(ctx context.Context, r *iampb.GetIamPolicyRequest, _ ...gax.CallOption) (*iampb.Policy, error) {
	return c.roles.GetIamPolicy(routed(ctx, "resource", r.GetResource()), r)
}

func (c *Client) setAccountPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest, _ ...gax.CallOption) (*iampb.Policy, error) {
	return c.roles.SetIamPolicy(routed(ctx, "resource", r.GetResource()), &iampb.SetIamPolicyRequest{Resource: r.GetResource(), Policy: r.GetPolicy()})
}

// Policy returns the allow policy of a workload, project, folder, organization
// or service account, read at version 3. Its etag is base64, as Google's JSON and
// audit log write it.
func (c *Client) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	api, ok := c.policyAPI(r.Kind)
	if r.Kind == cloud.RunInstance {
		p, err := overREST(ctx, c, r, (*runrest.Client).Policy)
		if err != nil {
			return p, fmt.Errorf("read policy of %s: %w: %w: %w", r, fault.ErrRefused, errNoInstancePolicy, oneLine{err})
		}
		return p, nil
	}
	if !ok {
		return cloud.AllowPolicy{}, fmt.Errorf("read policy of %s: no allow policy of a %q is read", r, r.Kind)
	}
	p, err := call(ctx, api.get, &iampb.GetIamPolicyRequest{
		Resource: r.Path(),
		Options:  &iampb.GetPolicyOptions{RequestedPolicyVersion: policyVersion},
	})
	if err != nil {
		return cloud.AllowPolicy{}, explain(err, "read policy of", r, permission(r.Kind, "getIamPolicy"))
	}
	return fromPolicy(p), nil
}

// SetPolicy makes the grants of r's allow policy those of p, if p.Etag is current;
// otherwise the error matches fault.ErrConflict. It changes the message that Policy
// read where the grants differ, and nothing else in it, also not what this version
// of rescind does not know; audit configuration is not touched. A policy that was
// not read so, or without an etag, or below version 3, is refused before anything
// is sent. An error that is no conflict, not found, refusal or
// missing permission leaves open whether the policy was written: read it again.
func (c *Client) SetPolicy(ctx context.Context, r cloud.Resource, p cloud.AllowPolicy) error {
	api, ok := c.policyAPI(r.Kind)
	if !ok {
		return fmt.Errorf("write policy of %s: %w: no allow policy of a %q is written", r, fault.ErrRefused, r.Kind)
	}
	next, err := edited(p)
	if err != nil {
		return fmt.Errorf("write policy of %s: %w: %w", r, fault.ErrRefused, err)
	}
	_, err = call(ctx, api.set, &iampb.SetIamPolicyRequest{
		Resource: r.Path(),
		Policy:   next,
		// Google's default, spelled out so that it stays what we mean.
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"bindings", "etag"}},
	})
	return explain(err, "write policy of", r, permission(r.Kind, "setIamPolicy"))
}

func fromPolicy(p *iampb.Policy) cloud.AllowPolicy {
	out := cloud.AllowPolicy{
		Version: p.GetVersion(),
		Etag:    base64.StdEncoding.EncodeToString(p.GetEtag()),
		Read:    p,
	}
	for _, b := range p.GetBindings() {
		binding := cloud.Binding{Role: b.GetRole(), Condition: conditionOf(b)}
		for _, m := range b.GetMembers() {
			binding.Members = append(binding.Members, cloud.Member(m))
		}
		out.Bindings = append(out.Bindings, binding)
	}
	return out
}

func conditionOf(b *iampb.Binding) cloud.Condition {
	c := b.GetCondition()
	return cloud.Condition{Title: c.GetTitle(), Description: c.GetDescription(), Expression: c.GetExpression(), Location: c.GetLocation()}
}

// permission names what a request on a resource of this kind needs. Cloud
// Run's role reference writes worker pools in small letters.
// https://cloud.google.com/run/docs/reference/iam/permissions
func permission(k cloud.Kind, verb string) string {
	return map[cloud.Kind]string{
		cloud.RunService:    "run.services.",
		cloud.RunJob:        "run.jobs.",
		cloud.RunWorkerPool: "run.workerpools.",
		cloud.RunInstance:   "run.instances.",
		cloud.Project:       "resourcemanager.projects.",
		cloud.Folder:        "resourcemanager.folders.",
		cloud.Organization:  "resourcemanager.organizations.",

		cloud.ServiceAccount: "iam.serviceAccounts.",
	}[k] + verb
}
