package functions

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// keysLive is how long fetched keys are used. A key that Google withdraws
	// is good for that long at most.
	keysLive = time.Hour
	// keysFresh is after how long they are fetched anew. Until they end, whoever
	// comes first sets that going, and everybody goes on with what there is.
	keysFresh = 30 * time.Minute
	// keysPause keeps made-up key ids from making us fetch for each request.
	keysPause = 30 * time.Second
)

// iapKeys are the public keys of IAP, fetched when they are needed.
type iapKeys struct {
	url    string
	client *http.Client
	now    func() time.Time

	mu      sync.Mutex // never held while keys are fetched
	keys    map[string]*ecdsa.PublicKey
	fetched time.Time
	looked  time.Time // when somebody last set out to fetch fresh ones
}

func newIAPKeys(c IAPConfig) *iapKeys {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &iapKeys{url: cmp.Or(c.CertsURL, iapCerts), client: keyClient(c.Client, c.Now), now: c.Now}
}

// find returns the key, or nil where IAP publishes none of that id. An error
// says that the keys could not be had.
func (k *iapKeys) find(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	key, enough := k.have(id)
	switch {
	case enough:
		return key, nil
	case key != nil: // a slow key server is nothing to wait for
		// It outlives the request, by fetchTimeout at most. If it fails, the keys
		// are as good as they were.
		go func() { _, _ = k.freshen(context.WithoutCancel(ctx)) }()
		return key, nil
	}
	keys, err := k.freshen(ctx)
	if err != nil {
		return nil, err
	}
	return keys[id], nil
}

// freshen fetches the keys and keeps them.
func (k *iapKeys) freshen(ctx context.Context) (map[string]*ecdsa.PublicKey, error) {
	keys, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys, k.fetched = keys, k.now()
	return keys, nil
}

// have returns the key of that id if there is one that is still good, and whether
// that is enough to go on with.
func (k *iapKeys) have(id string) (key *ecdsa.PublicKey, enough bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	age := now.Sub(k.fetched)
	if k.keys == nil || age >= keysLive {
		return nil, false
	}
	key = k.keys[id]
	switch {
	case key == nil:
		return nil, age < keysPause
	case age >= keysFresh && now.Sub(k.looked) >= keysPause:
		k.looked = now
		return key, false
	}
	return key, true
}

// fetch gets the keys that are published now.
func (k *iapKeys) fetch(ctx context.Context) (map[string]*ecdsa.PublicKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, &keysError{err}
	}
	resp, err := k.client.Do(r)
	if err != nil {
		return nil, err // a keysError already
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct{ Kid, Kty, Crv, X, Y string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, &keysError{errors.New("the answer is no JSON Web Key Set")}
	}
	out := map[string]*ecdsa.PublicKey{}
	for _, j := range set.Keys {
		if j.Kty != "EC" || j.Crv != "P-256" || j.Kid == "" {
			continue
		}
		if out[j.Kid], err = ecKey(j.X, j.Y); err != nil {
			return nil, &keysError{fmt.Errorf("key %q: %w", j.Kid, err)}
		}
	}
	return out, nil
}

// ecKey is the public key with these coordinates, which lies on the curve.
// https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1
func ecKey(x, y string) (*ecdsa.PublicKey, error) {
	point := []byte{4} // uncompressed
	for _, s := range []string{x, y} {
		b, err := decodeBytes(s)
		if err != nil || len(b) != 32 {
			return nil, errors.New("a coordinate is not 32 bytes")
		}
		point = append(point, b...)
	}
	return ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
}

func decodeBytes(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
