package functions_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/functions"
)

// refuser is a verifier that answers by the token.
type refuser struct{}

func (refuser) Verify(_ context.Context, token string) error {
	switch token {
	case "good":
		return nil
	case "unjudged":
		return errors.New("fetch keys: no route")
	}
	return fmt.Errorf("%w: it is not good", functions.ErrInvalidToken)
}

func TestTheTokenDecidesBeforeTheBodyIsRead(t *testing.T) {
	for _, tc := range []struct {
		name, authorization string
		status              int
		log                 string
	}{
		{"a good token", "Bearer good", http.StatusNoContent, `msg="event handled"`},
		{"the scheme in lower case", "bearer good", http.StatusNoContent, `msg="event handled"`},
		{"no token", "", http.StatusUnauthorized, `level=WARN msg="request refused" path=/events error="invalid token: it is not good"`},
		{"a bad token", "Bearer s3cret", http.StatusUnauthorized, `level=WARN msg="request refused" path=/events error="invalid token: it is not good"`},
		{"another scheme", "Basic good", http.StatusUnauthorized, `level=WARN msg="request refused"`},
		{"a token without a scheme", "good", http.StatusUnauthorized, `level=WARN msg="request refused"`},
		{"a token that could not be judged", "Bearer unjudged", http.StatusServiceUnavailable,
			`level=ERROR msg="token not verified" path=/events error="fetch keys: no route"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReceiver(t, func(c *functions.EventsConfig) { c.AllowUnauthenticated, c.Verifier = false, refuser{} })
			w := r.post(wrap(entry), "Authorization: "+tc.authorization)
			wantStatus(t, w, tc.status)
			if !strings.Contains(r.log.String(), tc.log) || strings.Contains(r.log.String(), "s3cret") {
				t.Errorf("log:\n%s\nwant:\n%s", r.log, tc.log)
			}
			if handled := len(r.remediator.got) > 0; handled != (tc.status == http.StatusNoContent) {
				t.Errorf("handled: %t", handled)
			}
			if got := w.Header().Get("WWW-Authenticate"); (got == "Bearer") != (tc.status == http.StatusUnauthorized) {
				t.Errorf("WWW-Authenticate is %q", got)
			}
		})
	}
}
