package sim

import (
	"context"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
)

// workerPools is google.cloud.run.v2.WorkerPools.
type workerPools struct {
	runpb.UnimplementedWorkerPoolsServer
	c *Cloud
}

func (s *workerPools) GetWorkerPool(_ context.Context, r *runpb.GetWorkerPoolRequest) (*runpb.WorkerPool, error) {
	o, err := s.c.get(workerPoolKind, r.Name)
	if err != nil {
		return nil, err
	}
	return o.(*runpb.WorkerPool), nil
}

func (s *workerPools) ListWorkerPools(_ context.Context, r *runpb.ListWorkerPoolsRequest) (*runpb.ListWorkerPoolsResponse, error) {
	page, next, err := s.c.page(workerPoolKind, r.Parent, r)
	out := &runpb.ListWorkerPoolsResponse{NextPageToken: next}
	for _, o := range page {
		out.WorkerPools = append(out.WorkerPools, o.(*runpb.WorkerPool))
	}
	return out, err
}

func (s *workerPools) CreateWorkerPool(ctx context.Context, r *runpb.CreateWorkerPoolRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "create", edit{
		kind: workerPoolKind, name: r.Parent + "/workerPools/" + r.WorkerPoolId, create: true, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.WorkerPool), nil) },
	}, r)
}

func (s *workerPools) UpdateWorkerPool(ctx context.Context, r *runpb.UpdateWorkerPoolRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "update", edit{
		kind: workerPoolKind, name: r.GetWorkerPool().GetName(), etag: r.GetWorkerPool().GetEtag(),
		allowMissing: r.AllowMissing, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.WorkerPool), r.UpdateMask) },
	}, r)
}

func (s *workerPools) DeleteWorkerPool(ctx context.Context, r *runpb.DeleteWorkerPoolRequest) (*longrunningpb.Operation, error) {
	return s.c.deleteV2(ctx, workerPoolKind, r.Name, r.Etag, r.ValidateOnly, r)
}

func (s *workerPools) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runGetPolicy(workerPoolKind, r)
}

func (s *workerPools) SetIamPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runSetPolicy(ctx, workerPoolKind, workerPoolKind.v2("SetIamPolicy"), r)
}
