package google

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/googleapis/gax-go/v2/apierror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func TestWhatPassesAndWhatStays(t *testing.T) {
	api := func(c codes.Code) error {
		err, _ := apierror.FromError(status.Error(c, "what Google says"))
		return err
	}
	explained := func(c codes.Code) error {
		return explain(api(c), "read", cloud.ProjectResource("p"), "resourcemanager.projects.get")
	}
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":                       {nil, false},
		"an error of ours":              {errors.New("it is no project"), false},
		"a limit of ours":               {fmt.Errorf("read: %w", &fault.BusyError{}), true},
		"a limit of ours, explained":    {explain(&fault.BusyError{}, "read", cloud.ProjectResource("p"), ""), true},
		"a request cut off":             {fmt.Errorf("read: %w", context.Canceled), true},
		"a timeout of ours":             {context.DeadlineExceeded, true},
		"a store that is down":          {fmt.Errorf("sighting: %w", passingError{errors.New("disk")}), true},
		"down":                          {explained(codes.Unavailable), true},
		"late":                          {explained(codes.DeadlineExceeded), true},
		"exhausted":                     {explained(codes.ResourceExhausted), true},
		"cut off by Google":             {explained(codes.Canceled), true},
		"a fault of Google's":           {explained(codes.Internal), true},
		"no token":                      {explained(codes.Unauthenticated), true},
		"denied":                        {explained(codes.PermissionDenied), false},
		"not there":                     {explained(codes.NotFound), false},
		"a request that is wrong":       {explained(codes.InvalidArgument), false},
		"an API that is off":            {explained(codes.FailedPrecondition), false},
		"denied here, and down there":   {sentence([]error{explained(codes.PermissionDenied), explained(codes.Unavailable)}), true},
		"denied here, and denied there": {sentence([]error{explained(codes.PermissionDenied), explained(codes.NotFound)}), false},
	} {
		if got := passing(tc.err); got != tc.want {
			t.Errorf("%s: %v passes: %v, want %v", name, tc.err, got, tc.want)
		}
	}
}
