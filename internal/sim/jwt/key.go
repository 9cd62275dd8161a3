// Package jwt makes tokens as Google signs them, and serves the public key that
// they are checked with. It is what the simulated Pub/Sub and the simulated
// Identity-Aware Proxy have in common: each signs with a key of its own, made
// when the process starts, in the algorithm that the real one uses. It checks
// nothing; whoever receives a token does that, with the product's own code.
package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
)

// keyID names a simulation's one key.
const keyID = "sim"

// Key signs tokens in one algorithm.
type Key struct {
	alg  string
	sign func(digest []byte) ([]byte, error)
	jwk  map[string]string // what its algorithm adds to the public key's description
}

// NewRS256 makes a key for identity tokens as accounts.google.com signs them.
func NewRS256() (*Key, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make an RSA key: %w", err)
	}
	return &Key{
		alg:  "RS256",
		sign: func(digest []byte) ([]byte, error) { return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest) },
		jwk:  map[string]string{"kty": "RSA", "n": encode(key.N.Bytes()), "e": encode(big.NewInt(int64(key.E)).Bytes())},
	}, nil
}

// NewES256 makes a key for assertions as Identity-Aware Proxy signs them.
func NewES256() (*Key, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make an ECDSA key: %w", err)
	}
	point, err := key.PublicKey.Bytes() // 4, then the two coordinates
	if err != nil {
		return nil, fmt.Errorf("write the ECDSA key: %w", err)
	}
	return &Key{
		alg: "ES256",
		sign: func(digest []byte) ([]byte, error) {
			r, s, err := ecdsa.Sign(rand.Reader, key, digest)
			if err != nil {
				return nil, err
			}
			signature := make([]byte, 64)
			r.FillBytes(signature[:32])
			s.FillBytes(signature[32:])
			return signature, nil
		},
		jwk: map[string]string{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])},
	}, nil
}

// Sign makes a token that says the claims.
func (k *Key) Sign(claims map[string]any) (string, error) {
	parts := make([]string, 0, 3)
	for _, part := range []any{map[string]string{"alg": k.alg, "kid": keyID, "typ": "JWT"}, claims} {
		b, err := json.Marshal(part)
		if err != nil {
			return "", fmt.Errorf("write a token: %w", err)
		}
		parts = append(parts, encode(b))
	}
	digest := sha256.Sum256([]byte(strings.Join(parts, ".")))
	signature, err := k.sign(digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return strings.Join(append(parts, encode(signature)), "."), nil
}

// JWKS serves the public key, in the form of Google's certificate URLs.
func (k *Key) JWKS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		described := map[string]string{"kid": keyID, "alg": k.alg, "use": "sig"}
		for name, value := range k.jwk {
			described[name] = value
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{described}})
	})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
