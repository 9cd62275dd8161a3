package google

import (
	"context"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// withoutRun reports whether a list failed because the project has Cloud Run
// switched off: then there is nothing to list. Most projects of an organization
// are so, and would each be told of as a part that could not be read.
//
// Google names as the consumer the project that the API is off in, by its
// number. That can be rescind's own, and says nothing of this one then.
// https://cloud.google.com/apis/design/errors#error_info
func (c *Client) withoutRun(ctx context.Context, project cloud.Resource, err error) bool {
	for _, d := range status.Convert(err).Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if !ok || info.GetReason() != "SERVICE_DISABLED" || info.GetMetadata()["service"] != "run.googleapis.com" {
			continue
		}
		consumer := info.GetMetadata()["consumer"]
		if consumer == project.Path() {
			return true
		}
		p, err := c.getProject(ctx, project)
		return err == nil && consumer == p.GetName()
	}
	return false
}
