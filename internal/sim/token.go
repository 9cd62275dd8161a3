package sim

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"time"
)

// keyID names the pusher's one key.
const keyID = "sim"

// Token mints an identity token as Pub/Sub attaches one: of Google's issuer,
// valid for an hour, with the e-mail verified.
// https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
func (p *Pusher) Token() (string, error) {
	now := p.opt.Now()
	return p.sign(map[string]any{
		"iss": "https://accounts.google.com", "aud": p.opt.Audience, "azp": p.opt.Account, "sub": "100000000000000000001",
		"email": p.opt.Account, "email_verified": true, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	})
}

func (p *Pusher) sign(claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "kid": keyID, "typ": "JWT"})
	if err != nil {
		return "", fmt.Errorf("write the token's header: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write the token's claims: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// JWKS serves the public key, in the form of Google's certificate URL.
func (p *Pusher) JWKS() http.Handler {
	public := p.key.PublicKey
	set := map[string]any{"keys": []any{map[string]string{
		"kid": keyID, "kty": "RSA", "alg": "RS256", "use": "sig",
		"n": base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
	}}}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		writeBody(w, http.StatusOK, set)
	})
}
