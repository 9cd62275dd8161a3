package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// errUnseen marks a write that Google accepted but whose end was not seen.
// What then happened is unknown: it must not be taken for a refusal.
var errUnseen = errors.New("accepted, but its end was not seen")

// explain says what was being done to r when err came, and makes it one that
// callers branch on. permission is what the request needs, for when Google
// denies it without saying what is missing.
func explain(err error, doing string, r cloud.Resource, permission string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUnseen):
		return fmt.Errorf("%s %s: %w", doing, r, err)
	}
	var refusal rehearsal
	var busy *fault.BusyError
	switch {
	case errors.As(err, &busy):
		return fmt.Errorf("%s %s: %w", doing, r, busy)
	case errors.As(err, &refusal):
		return unwritten(explain(refusal.error, doing, r, permission))
	}
	switch status.Code(err) {
	case codes.Aborted:
		return fmt.Errorf("%s %s: %w: %w", doing, r, fault.ErrConflict, oneLine{err})
	case codes.NotFound:
		return fmt.Errorf("%s %s: %w: %w", doing, r, fault.ErrNotFound, oneLine{err})
	case codes.PermissionDenied:
		return denied(err, r, permission)
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange, codes.AlreadyExists, codes.Unimplemented:
		// An organization policy in the way, a revision that cannot start: the
		// same request meets the same answer.
		return fmt.Errorf("%s %s: %w: %w", doing, r, fault.ErrRefused, oneLine{err})
	}
	if passing(err) {
		return passingError{fmt.Errorf("%s %s: %w", doing, r, oneLine{err})}
	}
	return fmt.Errorf("%s %s: %w", doing, r, oneLine{err})
}

// passing reports whether what failed, or a part of it, may succeed when it is asked
// again: it was held back or cut off, or Google was out of order. It is so for what
// explain takes for none of the errors that stay.
func passing(err error) bool {
	var busy *fault.BusyError
	switch e := err.(type) { //nolint:errorlint // it looks at each error of the chain itself
	case nil:
		return false
	case passingError:
		return true
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), passing)
	case interface{ GRPCStatus() *status.Status }:
		return !lasting(e.GRPCStatus().Code()) || errors.As(err, &busy)
	case interface{ Unwrap() error }:
		return passing(e.Unwrap())
	}
	return errors.As(err, &busy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// lasting reports whether the same request meets the same answer.
func lasting(c codes.Code) bool {
	switch c {
	case codes.OK, codes.NotFound, codes.PermissionDenied, codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange,
		codes.AlreadyExists, codes.Unimplemented:
		return true
	}
	return false
}

// passingError marks an error as one that may pass.
type passingError struct{ error }

// Is makes it one after which is asked again.
func (e passingError) Is(target error) bool { return target == fault.ErrPassing }

func (e passingError) Unwrap() error { return e.error }

// unwritten says of an explained error that the write was not made, where that
// does not go without saying.
func unwritten(err error) error {
	var denied *fault.PermissionError
	if errors.As(err, &denied) || errors.Is(err, fault.ErrConflict) {
		return err
	}
	return fmt.Errorf("%w: %w", fault.ErrUnwritten, err)
}

// denied names the missing permission: Google's word for it where there is
// one, else what the request needs.
func denied(err error, r cloud.Resource, permission string) error {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetMetadata()["permission"] != "" {
			permission = info.GetMetadata()["permission"]
		}
	}
	return &fault.PermissionError{Permission: permission, Resource: r, Err: oneLine{err}}
}

// deniedActAs reports whether a deploy was refused because the caller may not
// act as the service account, which is granted on the account and not on the
// workload. Cloud Run says so in words only.
func deniedActAs(err error) bool {
	return status.Code(err) == codes.PermissionDenied && strings.Contains(strings.ToLower(err.Error()), "actas")
}

// takenRevision reports whether an update was refused because the template
// carries the name of a revision that exists. Services deployed by the
// console, gcloud and Functions carry one. Over HTTP it is a 409, which two
// codes stand for.
// https://github.com/hashicorp/terraform-provider-google/issues/9438
func takenRevision(err error) bool {
	c := status.Code(err)
	return (c == codes.AlreadyExists || c == codes.Aborted) && strings.Contains(err.Error(), "Revision named")
}

// withoutRun reports whether a list failed because the project has Cloud Run
// switched off: then there is nothing to list. Most projects of an organization
// are so, and would each be told of as a part that could not be read.
func (c *Client) withoutRun(ctx context.Context, project cloud.Resource, err error) bool {
	return c.switchedOff(ctx, "run.googleapis.com", project, err)
}

// switchedOff reports whether a read failed because the project has the API
// switched off: then it holds nothing of it.
//
// Google names as the consumer the project that the API is off in, by its
// number. That can be rescind's own, and says nothing of this one then.
// https://cloud.google.com/apis/design/errors#error_info
func (c *Client) switchedOff(ctx context.Context, api string, project cloud.Resource, err error) bool {
	for _, d := range status.Convert(err).Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if !ok || info.GetReason() != "SERVICE_DISABLED" || info.GetMetadata()["service"] != api {
			continue
		}
		consumer := info.GetMetadata()["consumer"]
		if consumer == project.Path() {
			return true
		}
		p, _, err := c.project(ctx, project)
		return err == nil && consumer == "projects/"+p.number
	}
	return false
}

// oneLine shows an API error as its code and message. Google's own text runs
// over several lines of details; findings and cards hold sentences.
type oneLine struct{ err error }

func (e oneLine) Error() string {
	s, ok := status.FromError(e.err)
	if !ok {
		return e.err.Error()
	}
	return s.Code().String() + ": " + s.Message()
}

func (e oneLine) Unwrap() error { return e.err }
