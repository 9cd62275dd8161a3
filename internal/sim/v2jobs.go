package sim

import (
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/protobuf/proto"
)

// jobs is google.cloud.run.v2.Jobs.
type jobs struct {
	runpb.UnimplementedJobsServer
	c *Cloud
}

func (s *jobs) GetJob(_ context.Context, r *runpb.GetJobRequest) (*runpb.Job, error) {
	o, err := s.c.get(jobKind, r.Name)
	if err != nil {
		return nil, err
	}
	return o.(*runpb.Job), nil
}

func (s *jobs) ListJobs(_ context.Context, r *runpb.ListJobsRequest) (*runpb.ListJobsResponse, error) {
	page, next, err := s.c.page(jobKind, r.Parent, r)
	out := &runpb.ListJobsResponse{NextPageToken: next}
	for _, o := range page {
		out.Jobs = append(out.Jobs, o.(*runpb.Job))
	}
	return out, err
}

func (s *jobs) CreateJob(ctx context.Context, r *runpb.CreateJobRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "create", edit{
		kind: jobKind, name: r.Parent + "/jobs/" + r.JobId, create: true, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.Job), nil) },
	}, r)
}

func (s *jobs) UpdateJob(ctx context.Context, r *runpb.UpdateJobRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "update", edit{
		kind: jobKind, name: r.GetJob().GetName(), etag: r.GetJob().GetEtag(),
		allowMissing: r.AllowMissing, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.Job), nil) },
	}, r)
}

func (s *jobs) DeleteJob(ctx context.Context, r *runpb.DeleteJobRequest) (*longrunningpb.Operation, error) {
	return s.c.deleteV2(ctx, jobKind, r.Name, r.Etag, r.ValidateOnly, r)
}

func (s *jobs) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runGetPolicy(jobKind, r)
}

func (s *jobs) SetIamPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.runSetPolicy(ctx, jobKind, jobKind.v2("SetIamPolicy"), r)
}

// executions is the part of google.cloud.run.v2.Executions that lists.
type executions struct {
	runpb.UnimplementedExecutionsServer
	c *Cloud
}

// ListExecutions lists a job's executions, the latest added first.
func (s *executions) ListExecutions(_ context.Context, r *runpb.ListExecutionsRequest) (*runpb.ListExecutionsResponse, error) {
	out := &runpb.ListExecutionsResponse{}
	return out, s.c.read(runV2+"Executions.ListExecutions", func() (err error) {
		w, err := s.c.find(jobKind, strings.TrimSuffix(r.GetParent(), "/"))
		if err != nil {
			return err
		}
		var all []*runpb.Execution
		for _, e := range slices.Backward(s.c.executions[w.name.String()]) {
			all = append(all, proto.Clone(e).(*runpb.Execution))
		}
		out.Executions, out.NextPageToken, err = onePage(all, r)
		return err
	})
}

// instances is google.cloud.run.v2.Instances, which has no update and no allow policy.
type instances struct {
	runpb.UnimplementedInstancesServer
	c *Cloud
}

func (s *instances) GetInstance(_ context.Context, r *runpb.GetInstanceRequest) (*runpb.Instance, error) {
	o, err := s.c.get(instanceKind, r.Name)
	if err != nil {
		return nil, err
	}
	return o.(*runpb.Instance), nil
}

func (s *instances) ListInstances(_ context.Context, r *runpb.ListInstancesRequest) (*runpb.ListInstancesResponse, error) {
	page, next, err := s.c.page(instanceKind, r.Parent, r)
	out := &runpb.ListInstancesResponse{NextPageToken: next}
	for _, o := range page {
		out.Instances = append(out.Instances, o.(*runpb.Instance))
	}
	return out, err
}

func (s *instances) CreateInstance(ctx context.Context, r *runpb.CreateInstanceRequest) (*longrunningpb.Operation, error) {
	return s.c.writeV2(ctx, "create", edit{
		kind: instanceKind, name: r.Parent + "/instances/" + r.InstanceId, create: true, validateOnly: r.ValidateOnly,
		next: func(stored object) (object, error) { return merge(stored, object(r.Instance), nil) },
	}, r)
}

func (s *instances) DeleteInstance(ctx context.Context, r *runpb.DeleteInstanceRequest) (*longrunningpb.Operation, error) {
	return s.c.deleteV2(ctx, instanceKind, r.Name, r.Etag, r.ValidateOnly, r)
}
