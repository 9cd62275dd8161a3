package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/remediate/fault"
)

// Kind says what a failed call means for whoever may try again.
type Kind string

// The kinds of failure.
const (
	RateLimited Kind = "rate limited" // come back after RetryAfter
	Down        Kind = "down"         // Slack did not take it: try again
	Lost        Kind = "lost"         // no answer: it may have been done, a second try may repeat it
	Gone        Kind = "gone"         // the message cannot be changed any more: post it anew
	Refused     Kind = "refused"      // wrong token, channel, scope or content: no use until someone acts
)

// Error is a call that Slack did not do, or may not have done.
type Error struct {
	Method     string // "chat.postMessage"
	Kind       Kind
	Code       string        // Slack's own word for it, or a status; may be empty
	RetryAfter time.Duration // with RateLimited
}

// Error names the method, what went wrong, and Slack's word for it.
func (e *Error) Error() string {
	s := "slack " + e.Method + ": " + string(e.Kind)
	if e.Code != "" {
		s += ": " + e.Code
	}
	return s
}

// Unwrap makes a limit of Slack's what remediate waits out without counting
// it for a failure.
func (e *Error) Unwrap() error {
	if e.Kind != RateLimited {
		return nil
	}
	return &fault.BusyError{Where: "Slack's own", After: e.RetryAfter, Theirs: true}
}

// Is tells remediate of what no second try will change.
func (e *Error) Is(target error) bool { return target == fault.ErrBroken && e.Kind == Refused }

// quiet is how long to wait when Slack limits the rate and does not say for how long.
const quiet = 30 * time.Second

// gone are Slack's ways to say that a message cannot be updated, and a new one may be
// posted: in a channel that is archived none can, until somebody acts.
// https://docs.slack.dev/reference/methods/chat.update
var gone = []string{"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive", "block_mismatch", "channel_not_found"}

var limited = []string{"ratelimited", "rate_limited", "message_limit_exceeded"}

var down = []string{"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}

// classify reads slack-go's errors, whose types do not tell what to do next: a
// 429 without Retry-After is no RateLimitedError, one with a fraction is a
// strconv.NumError, and an HTML page with status 200 is a json.SyntaxError. It
// keeps none of their text, which can quote a request.
func classify(method string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Method: method, Kind: Lost}
	var rate *api.RateLimitedError
	var status api.StatusCodeError
	var answer api.SlackErrorResponse
	var number *strconv.NumError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &rate):
		e.Kind, e.RetryAfter = RateLimited, rate.RetryAfter
	case errors.As(err, &number):
		e.Kind, e.RetryAfter = RateLimited, quiet
	case errors.As(err, &status):
		e.fromStatus(status.Code)
	case errors.As(err, &answer):
		e.fromCode(answer.Err, answer.ResponseMetadata.Messages)
	case errors.As(err, &syntax):
		e.Code = "the answer is not JSON"
	case notSent(err):
		e.Kind, e.Code = Down, "no connection"
	case errors.Is(err, context.DeadlineExceeded):
		e.Code = "no answer in time"
	}
	return e
}

func (e *Error) fromStatus(code int) {
	e.Code = fmt.Sprintf("HTTP %d", code)
	switch {
	case code == 429:
		e.Kind, e.RetryAfter = RateLimited, quiet
	case code >= 500:
		e.Kind = Down
	default:
		e.Kind = Refused
	}
}

func (e *Error) fromCode(code string, details []string) {
	e.Code = strings.Join(append([]string{code}, details...), "; ")
	switch {
	case slices.Contains(limited, code):
		e.Kind, e.RetryAfter = RateLimited, quiet
	case slices.Contains(down, code):
		e.Kind = Down
	case e.Method == "chat.update" && slices.Contains(gone, code):
		e.Kind = Gone
	default:
		e.Kind = Refused
	}
}

// notSent reports an error from before the request could reach Slack.
func notSent(err error) bool {
	var dns *net.DNSError
	return errors.Is(err, syscall.ECONNREFUSED) || errors.As(err, &dns)
}
