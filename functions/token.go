package functions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
)

// ErrInvalidToken says that a token is not good, and never will be: the
// sender is not who it must be. Any other error of a TokenVerifier means that
// the token could not be judged now.
var ErrInvalidToken = errors.New("invalid token")

// TokenVerifier checks a bearer token.
type TokenVerifier interface {
	// Verify returns nil for a token of the expected sender, an error
	// matching ErrInvalidToken for any other, and another error when it
	// could not tell. No error holds the token.
	Verify(ctx context.Context, token string) error
}

// RequireToken lets a request through to next if it bears a token that v
// accepts. Otherwise it answers 401, or 503 when v could not tell; the reason
// is logged and not sent. The body is not read before.
func RequireToken(v TokenVerifier, log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := v.Verify(r.Context(), bearer(r.Header))
		switch {
		case err == nil:
			next.ServeHTTP(w, r)
		case errors.Is(err, ErrInvalidToken):
			log.WarnContext(r.Context(), "request refused", "path", r.URL.Path, "error", err)
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "unauthorised", http.StatusUnauthorized)
		default:
			log.ErrorContext(r.Context(), "token not verified", "path", r.URL.Path, "error", err)
			comeAgain(w)
		}
	})
}

// checkSender refuses an endpoint that anyone could post to without its being
// meant.
func checkSender(endpoint string, v TokenVerifier, allowUnauthenticated bool) error {
	switch {
	case v == nil && !allowUnauthenticated:
		return fmt.Errorf("%s: anyone could post: set Verifier, or AllowUnauthenticated on purpose", endpoint)
	case v != nil && allowUnauthenticated:
		return fmt.Errorf("%s: AllowUnauthenticated with a Verifier: want one of them", endpoint)
	}
	return nil
}

// onlyFrom lets posts through to next: those of a sender that v accepts, or
// anybody's without one.
func onlyFrom(v TokenVerifier, log *slog.Logger, next http.Handler) http.Handler {
	if v != nil {
		next = RequireToken(v, log, next)
	}
	return onlyPOST(next)
}

// bearer returns the token of the Authorization header, or "".
func bearer(h http.Header) string {
	scheme, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
