package sim

import (
	"context"
	"fmt"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
)

// operation is Cloud Run carrying out a write.
type operation struct {
	name   string
	left   int       // looks until it is done
	target *workload // nil where nothing was stored (a rehearsal, a delete)
	result object    // set once done
	err    error
	done   bool
	onDone []func(*operation)
}

// newOperation begins the work on a stored workload; or, without one, is done
// at once with a result.
func (c *Cloud) newOperation(w *workload, result object) *operation {
	of := result
	if w != nil {
		of = w.obj
	}
	n, _ := c.parseName(of.GetName())
	op := &operation{
		name:   fmt.Sprintf("%s/operations/%08x-0000-4000-8000-000000000000", n.parent(), c.next()),
		left:   c.opt.OperationPolls,
		target: w, result: result,
	}
	c.operations[op.name] = op
	if w != nil {
		w.pending = op
	}
	if w == nil || op.left == 0 && !c.neverFinish {
		c.finish(op)
	}
	return op
}

// step is one look at an operation. Time passes by being watched: so a test
// sees the same states every time, and nobody waits in vain who looks.
func (c *Cloud) step(op *operation) {
	if op == nil || op.done || c.neverFinish {
		return
	}
	if op.left--; op.left <= 0 {
		c.finish(op)
	}
}

// finish ends an operation now; no effect on nil or on one that ended.
func (c *Cloud) finish(op *operation) {
	if op == nil || op.done {
		return
	}
	op.done = true
	if op.target != nil {
		op.err = c.settle(op.target)
		op.target.pending = nil
		op.result = proto.Clone(op.target.obj).(object)
	}
	for _, f := range op.onDone {
		f(op)
	}
}

// whenDone calls f when the operation ends, which may be now.
func (op *operation) whenDone(f func(*operation)) {
	if op.done {
		f(op)
		return
	}
	op.onDone = append(op.onDone, f)
}

// proto is the operation as the API shows it.
func (op *operation) proto() (*longrunningpb.Operation, error) {
	of := op.result
	if of == nil {
		of = op.target.obj
	}
	about, err := anypb.New(of)
	if err != nil {
		return nil, err
	}
	p := &longrunningpb.Operation{Name: op.name, Metadata: about, Done: op.done}
	switch {
	case op.done && op.err != nil:
		p.Result = &longrunningpb.Operation_Error{Error: status.Convert(op.err).Proto()}
	case op.done:
		p.Result = &longrunningpb.Operation_Response{Response: about}
	}
	return p, nil
}

// operations is google.longrunning.Operations, under Cloud Run's names.
type operations struct {
	longrunningpb.UnimplementedOperationsServer
	c *Cloud
}

func (s *operations) GetOperation(_ context.Context, r *longrunningpb.GetOperationRequest) (*longrunningpb.Operation, error) {
	return s.look("google.longrunning.Operations.GetOperation", r.Name)
}

// WaitOperation answers like GetOperation: it may return before the
// operation is done, as the API allows.
func (s *operations) WaitOperation(_ context.Context, r *longrunningpb.WaitOperationRequest) (*longrunningpb.Operation, error) {
	return s.look("google.longrunning.Operations.WaitOperation", r.Name)
}

func (s *operations) DeleteOperation(_ context.Context, r *longrunningpb.DeleteOperationRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, s.c.read("google.longrunning.Operations.DeleteOperation", func() error {
		if s.c.operations[r.Name] == nil {
			return notFound(r.Name)
		}
		delete(s.c.operations, r.Name)
		return nil
	})
}

func (s *operations) look(method, name string) (out *longrunningpb.Operation, err error) {
	err = s.c.read(method, func() error {
		op := s.c.operations[name]
		if op == nil {
			return notFound(name)
		}
		s.c.step(op)
		out, err = op.proto()
		return err
	})
	return out, err
}
