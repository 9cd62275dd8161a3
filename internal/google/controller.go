package google

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"cloud.google.com/go/functions/apiv2/functionspb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// controlled notes on w which product owns the service: one whose agent made it or
// wrote to it last, or Cloud Functions where its label is there and a function says
// that the service is its own. Whoever deploys a service can label it, and a question
// in place of a revert would be theirs for a label. What cannot be read leaves it
// unknown, with the reason.
func (c *Client) controlled(ctx context.Context, w cloud.Workload, live *runpb.Service) (cloud.Workload, error) {
	var err error
	w.Controller, w.ControllerWhy, err = c.byAgent(ctx, w.Resource, live.GetCreator(), live.GetLastModifier())
	if err != nil {
		return w, err
	}
	if w.Controller != "" || cloud.ControllerByLabel(w.Labels) != cloud.CloudFunctions {
		return w, nil
	}
	found, err := c.hasFunction(ctx, w.Resource, live)
	var denied *fault.PermissionError
	switch {
	case errors.As(err, &denied), errors.Is(err, fault.ErrRefused):
		w.ControllerWhy = "whether " + cloud.CloudFunctions + " owns it is unknown: " + err.Error()
	case err != nil:
		return w, err
	case found:
		w.Controller, w.ControllerWhy = cloud.CloudFunctions, ""
	}
	return w, nil
}

// byAgent names the product whose agent of the organization is one of the accounts,
// or says why nobody knows whose the agent is. An error says that asking again may tell.
func (c *Client) byAgent(ctx context.Context, r cloud.Resource, emails ...string) (controller, why string, err error) {
	for _, email := range emails {
		name := cloud.ControllerByAgent(email)
		if name == "" {
			continue
		}
		own, doubt := policies.OwnAgent(cloud.Member("serviceAccount:"+email), r, func(q policies.Question) policies.Fact {
			f := c.Fact(ctx, q)
			err = cmp.Or(err, f.Passing)
			return f
		})
		if own {
			return name, "", nil
		}
		if doubt != "" {
			why = "whether " + name + " owns it is unknown: " + doubt
		}
	}
	if why == "" {
		err = nil
	}
	return "", why, err
}

// function reads one by its name.
func (c *Client) function(ctx context.Context, name string) (*functionspb.Function, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.functions.GetFunction(routed(ctx, "name", name), &functionspb.GetFunctionRequest{Name: name})
}

// hasFunction reports whether there is a function that says that r is its service.
func (c *Client) hasFunction(ctx context.Context, r cloud.Resource, live *runpb.Service) (bool, error) {
	project := cloud.ProjectResource(r.Project)
	own := "/locations/" + r.Location + "/services/" + r.Name
	for _, id := range functionIDs(r, live) {
		f, err := c.function(ctx, project.Path()+"/locations/"+r.Location+"/functions/"+id)
		if c.switchedOff(ctx, "cloudfunctions.googleapis.com", project, err) {
			return false, nil
		}
		err = explain(err, "read function "+id+" of", project, "cloudfunctions.functions.get")
		switch {
		case errors.Is(err, fault.ErrNotFound), status.Code(err) == codes.InvalidArgument:
		case err != nil:
			return false, err
		case strings.HasSuffix(f.GetServiceConfig().GetService(), own):
			return true, nil
		}
	}
	return false, nil
}

// functionIDs are what the function of a service may be called. A service has its
// function's name in lower case with dashes; the annotation has it as it is, and the
// label, which takes no capitals, in lower case. Both are the deployer's to write, so
// what could name anything else is left out. No page of Google's lists the two; they are
// on what gcloud and firebase-tools deploy.
func functionIDs(r cloud.Resource, live *runpb.Service) []string {
	ids := []string{live.GetAnnotations()["cloudfunctions.googleapis.com/function-id"], live.GetLabels()["goog-drz-cloudfunctions-id"], r.Name}
	return distinct(slices.DeleteFunc(ids, func(id string) bool {
		return strings.Trim(strings.ToLower(id), "abcdefghijklmnopqrstuvwxyz0123456789-_") != ""
	}))
}
