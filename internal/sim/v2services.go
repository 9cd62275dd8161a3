package sim

import (
	"context"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
)

// services is google.cloud.run.v2.Services.
type services struct {
	runpb.UnimplementedServicesServer
	c *Cloud
}

func (s *services) GetService(_ context.Context, r *runpb.GetServiceRequest) (*runpb.Service, error) {
	o, err := s.c.get(serviceKind, r.Name)
	if err != nil {
		return nil, err
	}
	return o.(*runpb.Service), nil
}

func (s *services) ListServices(_ context.Context, r *runpb.ListServicesRequest) (*runpb.ListServicesResponse, error) {
	page, next, err := s.c.page(serviceKind, r.Parent, r)
	out := &runpb.ListServicesResponse{NextPageToken: next}
	for _, o := range page {
		out.Services = append(out.Services, o.(*runpb.Service))
	}
	return out, err
}

func (s *services) CreateService(ctx context.Context, r *runpb.CreateServiceRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "create", edit{
		kind: serviceKind, name: r.Parent + "/services/" + r.ServiceId, create: true, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.Service), nil) },
	}, r)
}

func (s *services) UpdateService(ctx context.Context, r *runpb.UpdateServiceRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "update", edit{
		kind: serviceKind, name: r.GetService().GetName(), etag: r.GetService().GetEtag(),
		allowMissing: r.AllowMissing, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.Service), r.UpdateMask) },
	}, r)
}

func (s *services) DeleteService(ctx context.Context, r *runpb.DeleteServiceRequest) (*longrunningpb.Operation, error) {
	return s.c.deleteV2(ctx, serviceKind, r.Name, r.Etag, r.ValidateOnly, r)
}

func (s *services) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runGetPolicy(serviceKind, r)
}

func (s *services) SetIamPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runSetPolicy(ctx, serviceKind, serviceKind.v2("SetIamPolicy"), r)
}
