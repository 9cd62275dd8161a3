package sim

import (
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// revisions is google.cloud.run.v2.Revisions, for services and worker pools.
type revisions struct {
	runpb.UnimplementedRevisionsServer
	c *Cloud
}

func (s *revisions) GetRevision(_ context.Context, r *runpb.GetRevisionRequest) (out *runpb.Revision, err error) {
	err = s.c.read(runV2+"Revisions.GetRevision", func() error {
		parent, id, _ := strings.Cut(r.Name, "/revisions/")
		w, err := s.c.revisionsOf(parent)
		if err != nil {
			return err
		}
		rev := w.revision(id)
		if rev == nil {
			return notFound(r.Name)
		}
		out = proto.Clone(rev.proto).(*runpb.Revision)
		return nil
	})
	return out, err
}

// ListRevisions lists the revisions of one service or worker pool, newest first.
func (s *revisions) ListRevisions(_ context.Context, r *runpb.ListRevisionsRequest) (*runpb.ListRevisionsResponse, error) {
	out := &runpb.ListRevisionsResponse{}
	return out, s.c.read(runV2+"Revisions.ListRevisions", func() error {
		w, err := s.c.revisionsOf(r.Parent)
		if err != nil {
			return err
		}
		var all []*runpb.Revision
		for _, rev := range slices.Backward(w.revisions) {
			all = append(all, proto.Clone(rev.proto).(*runpb.Revision))
		}
		out.Revisions, out.NextPageToken, err = onePage(all, r)
		return err
	})
}

// revisionsOf finds the workload that a revision's name or list names.
func (c *Cloud) revisionsOf(parent string) (*workload, error) {
	n, ok := c.parseName(parent)
	if !ok || n.collection == jobKind.collection {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid parent %q", parent)
	}
	w := c.workloads[n.String()]
	if w == nil {
		return nil, notFound(parent)
	}
	return w, nil
}
