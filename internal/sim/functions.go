package sim

import (
	"context"

	"cloud.google.com/go/functions/apiv2/functionspb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// functions is the part of google.cloud.functions.v2.FunctionService that reads one
// function. Whoever tests deploys it: the function by PutFunction, and the service
// below it as the agent of Cloud Functions.
type functions struct {
	functionspb.UnimplementedFunctionServiceServer
	// read runs a call under the model's lock, by its full method name.
	read func(method string, do func() error) error
	// named is the function of that full relative name, nil where there is none.
	named func(name string) *functionspb.Function
}

func (s *functions) GetFunction(_ context.Context, r *functionspb.GetFunctionRequest) (out *functionspb.Function, err error) {
	err = s.read("google.cloud.functions.v2.FunctionService.GetFunction", func() error {
		f := s.named(r.GetName())
		if f == nil {
			return status.Errorf(codes.NotFound, "Resource %q was not found", r.GetName())
		}
		out = proto.CloneOf(f)
		return nil
	})
	return out, err
}

// secondGeneration is a function that is deployed, and whose service is that one.
func secondGeneration(name, service string) *functionspb.Function {
	return &functionspb.Function{
		Name: name, Environment: functionspb.Environment_GEN_2, State: functionspb.Function_ACTIVE,
		ServiceConfig: &functionspb.ServiceConfig{Service: service},
	}
}
