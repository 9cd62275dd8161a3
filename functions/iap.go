package functions

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// IAPHeader is where Identity-Aware Proxy says, signed, who a request is from.
// The unsigned X-Goog-Authenticated-User-* headers are never read: whoever gets
// past IAP can write them.
// https://cloud.google.com/iap/docs/signed-headers-howto
const IAPHeader = "X-Goog-Iap-Jwt-Assertion"

const (
	iapIssuer = "https://cloud.google.com/iap"
	iapCerts  = "https://www.gstatic.com/iap/verify/public_key-jwk"
	// iapSkew is what Google's page allows clocks to differ by.
	iapSkew = 30 * time.Second
	// iapNamespace begins the subject of a Google account. Others (workforce
	// and Identity Platform users) are not who the audit log names by e-mail.
	iapNamespace = "accounts.google.com:"
)

// IAPConfig says whose assertions are accepted.
type IAPConfig struct {
	// Audience names what IAP protects, as IAP writes it; compared exactly:
	// "/projects/NUMBER/global/backendServices/ID" behind a load balancer,
	// "/projects/NUMBER/locations/REGION/services/NAME" on Cloud Run itself.
	Audience string
	// CertsURL is where the keys are; empty for Google's. It must be https,
	// or on a loopback address.
	CertsURL string
	Client   *http.Client     // fetches the keys; nil: one that gives up after 10 s
	Now      func() time.Time // says when keys are fetched anew; nil: time.Now
}

// Validate returns all that is wrong with the config.
func (c IAPConfig) Validate() error {
	var errs []error
	if c.Audience == "" {
		errs = append(errs, errors.New("IAP audience is empty: an assertion for any other service would do"))
	}
	return errors.Join(append(errs, checkCertsURL(c.CertsURL))...)
}

// Visitor is a person whom IAP let through.
type Visitor struct {
	Principal string // "user:ada@example.com", in lower case
	Subject   string // "accounts.google.com:1234", which stays when the e-mail changes
	// SignedAt is when IAP says that it signed the assertion, Signed a hash of what it
	// signed, by which assertions are told apart.
	SignedAt time.Time
	Signed   string
}

// IAP verifies the assertions of Identity-Aware Proxy. It is safe for
// concurrent use.
//
// The signature is checked here, and not by idtoken as for other tokens:
// idtoken compares the expiry with the present, and an assertion lives ten
// minutes. An answer that waits for longer, because the worker was down, would
// be lost. (auth v0.24.3 also panics on an ES256 signature that is too short.)
type IAP struct {
	audience string
	keys     *iapKeys
}

// NewIAP returns a verifier, having fetched nothing yet.
func NewIAP(c IAPConfig) (*IAP, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return &IAP{c.Audience, newIAPKeys(c)}, nil
}

// Verify returns who the request with these headers is from, judged at a time:
// when it came, or when it was published. An error that matches ErrInvalidToken
// says that nobody vouches for the request; any other, that it could not be
// told. No error holds anything of the assertion.
func (v *IAP) Verify(ctx context.Context, h http.Header, at time.Time) (Visitor, error) {
	// Of two, a proxy may have checked the other.
	values := h.Values(IAPHeader)
	if len(values) != 1 {
		return Visitor{}, fmt.Errorf("%w: %d headers %s, want one", ErrInvalidToken, len(values), IAPHeader)
	}
	t, err := parseIAP(values[0])
	if err != nil {
		return Visitor{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	key, err := v.keys.find(ctx, t.kid)
	switch {
	case err != nil:
		return Visitor{}, err
	case key == nil:
		return Visitor{}, fmt.Errorf("%w: signed with a key that IAP does not publish", ErrInvalidToken)
	case !t.signedBy(key):
		return Visitor{}, fmt.Errorf("%w: the signature is wrong", ErrInvalidToken)
	}
	if err := t.claims.check(v.audience, at); err != nil {
		return Visitor{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return Visitor{
		"user:" + strings.ToLower(t.claims.Email), t.claims.Subject, time.Unix(t.claims.Issued, 0).UTC(), hex.EncodeToString(t.digest[:]),
	}, nil
}

type iapClaims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Issued   int64  `json:"iat"` // Unix seconds, as Expires
	Expires  int64  `json:"exp"`
}

func (c iapClaims) check(audience string, at time.Time) error {
	skew := int64(iapSkew / time.Second)
	id, google := strings.CutPrefix(c.Subject, iapNamespace)
	switch {
	case c.Issuer != iapIssuer:
		return fmt.Errorf("the issuer is not %s", iapIssuer)
	case c.Audience != audience:
		return fmt.Errorf("the audience is not %s", audience)
	case c.Expires <= at.Unix()-skew:
		return errors.New("the assertion is expired")
	case c.Issued <= 0 || c.Issued > at.Unix()+skew:
		return errors.New("the assertion is not issued yet")
	case !google || id == "":
		return fmt.Errorf("the subject is not %sID", iapNamespace)
	case !personal(c.Email):
		return errors.New("the e-mail is not that of a person")
	}
	return nil
}

// personal reports whether s is the address of a person in plain ASCII: some
// other letters turn into ASCII ones in lower case, and so into somebody else.
// With a namespace before it, an address is that of the unsigned headers. A
// service account can come through IAP too; decisions are for people.
func personal(s string) bool {
	name, domain, ok := strings.Cut(s, "@")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || r == ':' || r == '@' }
	return ok && name != "" && domain != "" && strings.IndexFunc(name+domain, odd) < 0 &&
		!strings.HasSuffix(strings.ToLower(domain), "gserviceaccount.com")
}

// iapToken is an assertion taken apart, with nothing of it believed yet.
type iapToken struct {
	kid       string
	claims    iapClaims
	digest    [sha256.Size]byte
	signature []byte
}

func parseIAP(token string) (iapToken, error) {
	if len(token) > maxToken {
		return iapToken{}, fmt.Errorf("the assertion has %d bytes", len(token))
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return iapToken{}, fmt.Errorf("the assertion has %d parts, want 3", len(parts))
	}
	var header struct{ Alg, Kid string }
	t := iapToken{digest: sha256.Sum256([]byte(parts[0] + "." + parts[1]))}
	switch {
	case decodePart(parts[0], &header) != nil:
		return iapToken{}, errors.New("the header of the assertion is unreadable")
	case header.Alg != "ES256":
		return iapToken{}, errors.New("the assertion is not signed with ES256")
	case decodePart(parts[1], &t.claims) != nil:
		return iapToken{}, errors.New("the claims of the assertion are unreadable")
	}
	t.kid = header.Kid
	var err error
	if t.signature, err = decodeBytes(parts[2]); err != nil || len(t.signature) != 64 {
		return iapToken{}, errors.New("the signature has the wrong form")
	}
	return t, nil
}

// signedBy checks a signature of two numbers of 32 bytes each.
// https://www.rfc-editor.org/rfc/rfc7518#section-3.4
func (t iapToken) signedBy(key *ecdsa.PublicKey) bool {
	r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
	return ecdsa.Verify(key, t.digest[:], r, s)
}
