package functions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cloud.google.com/go/auth/credentials/idtoken"
)

// OIDCConfig says whose tokens are accepted.
type OIDCConfig struct {
	Audience string // of the push subscription; compared exactly
	Email    string // of the service account that Pub/Sub or Scheduler signs as
	// CertsURL is where the keys are; empty for Google's. It must be https,
	// or on a loopback address.
	CertsURL string
	Client   *http.Client     // fetches the keys; nil: one that gives up after 10 s
	Now      func() time.Time // nil: time.Now
}

// Validate returns all that is wrong with the config.
func (c OIDCConfig) Validate() error {
	var errs []error
	if c.Audience == "" {
		// idtoken takes an empty audience to mean any: every token that
		// Google ever signed for this account would do.
		errs = append(errs, errors.New("push audience is empty"))
	}
	if c.Email == "" {
		errs = append(errs, errors.New("push service account is empty"))
	}
	return errors.Join(append(errs, checkCertsURL(c.CertsURL))...)
}

// OIDC verifies the tokens that Google signs for one service account and one
// audience. It is safe for concurrent use.
type OIDC struct {
	audience, email string
	now             func() time.Time
	validator       *idtoken.Validator
	verified        *tokenCache
}

// NewOIDC returns a verifier, having fetched nothing yet.
func NewOIDC(c OIDCConfig) (*OIDC, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	v, err := idtoken.NewValidator(&idtoken.ValidatorOptions{Client: keyClient(c.Client, c.Now), RS256CertsURL: c.CertsURL})
	if err != nil {
		return nil, fmt.Errorf("make token validator: %w", err)
	}
	return &OIDC{c.Audience, c.Email, c.Now, v, newTokenCache(maxTokens)}, nil
}

// Verify implements TokenVerifier. A token that was verified is good until it
// expires: Pub/Sub sends the same one for up to an hour, and the signature is
// the dearest part of receiving an event.
func (o *OIDC) Verify(ctx context.Context, token string) error {
	now := o.now()
	if o.verified.has(token, now) {
		return nil
	}
	if err := checkShape(token); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	p, err := o.validator.Validate(ctx, token, o.audience)
	var noKeys *keysError
	if errors.As(err, &noKeys) {
		return noKeys
	}
	if err == nil {
		err = o.check(p, now)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	o.verified.add(token, p.Expires, now)
	return nil
}

// check looks at what idtoken leaves unchecked: of a token that Google signed,
// it compares the audience alone.
func (o *OIDC) check(p *idtoken.Payload, now time.Time) error {
	email, _ := p.Claims["email"].(string)
	verified, _ := p.Claims["email_verified"].(bool)
	switch {
	case p.Issuer != "https://accounts.google.com" && p.Issuer != "accounts.google.com":
		return fmt.Errorf("issuer is %q, want https://accounts.google.com", p.Issuer)
	case p.Audience != o.audience:
		return fmt.Errorf("audience is %q, want %q", p.Audience, o.audience)
	case email != o.email:
		return fmt.Errorf("email is %q, want %q", email, o.email)
	case !verified:
		return fmt.Errorf("email %q is not verified", email)
	case p.Expires <= now.Unix():
		return errors.New("token expired")
	}
	return nil
}
