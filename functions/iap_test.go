package functions_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

const iapAudience = "/projects/264172533001/locations/europe-west1/services/rescind-page"

var came = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var iapKey, otherIAPKey = sync.OnceValue(newECKey), sync.OnceValue(newECKey)

func newECKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

// signES256 makes an assertion as IAP does, with any key, header and claims.
func signES256(k *ecdsa.PrivateKey, header, payload any) string {
	signed := encode(marshal(header)) + "." + encode(marshal(payload))
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, k, digest[:])
	if err != nil {
		panic(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return signed + "." + encode(sig)
}

// visit are the claims of an assertion that is accepted, with some others.
func visit(changes claims) claims {
	c := claims{"iss": "https://cloud.google.com/iap", "aud": iapAudience, "sub": "accounts.google.com:1234", "email": "Ada@Example.com",
		"hd": "example.com", "iat": came.Unix(), "exp": came.Add(10 * time.Minute).Unix()}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

func assertion(changes claims) string {
	return signES256(iapKey(), header("ES256", "k1"), visit(changes))
}

// iapCerts publishes the keys of the moment under their ids.
type iapCerts struct {
	*httptest.Server
	hits atomic.Int32
	keys map[string]*ecdsa.PrivateKey
}

func newIAPCerts(t testing.TB) *iapCerts {
	s := &iapCerts{keys: map[string]*ecdsa.PrivateKey{"k1": iapKey()}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.hits.Add(1)
		var keys []string
		for id, k := range s.keys {
			point, err := k.PublicKey.Bytes()
			if err != nil {
				panic(err)
			}
			keys = append(keys, fmt.Sprintf(`{"alg":"ES256","crv":"P-256","kid":%q,"kty":"EC","use":"sig","x":%q,"y":%q}`,
				id, encode(point[1:33]), encode(point[33:])))
		}
		fmt.Fprintf(w, `{"keys":[%s]}`, strings.Join(keys, ","))
	}))
	t.Cleanup(s.Close)
	return s
}

func newIAP(t testing.TB, certs string, now func() time.Time) *functions.IAP {
	t.Helper()
	v, err := functions.NewIAP(functions.IAPConfig{Audience: iapAudience, CertsURL: certs, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func asserting(tokens ...string) http.Header { return http.Header{"X-Goog-Iap-Jwt-Assertion": tokens} }

func TestS16WhoIAPVouchesForIsKnown(t *testing.T) {
	v := newIAP(t, newIAPCerts(t).URL, at(came))
	for name, c := range map[string]claims{
		"just issued":                      nil,
		"issued by a clock a little ahead": {"iat": came.Add(30 * time.Second).Unix()},
		"expired by a clock a little slow": {"exp": came.Add(-29 * time.Second).Unix()},
	} {
		want := functions.Visitor{Principal: "user:ada@example.com", Subject: "accounts.google.com:1234", SignedAt: came.UTC()}
		if iat, ok := c["iat"].(int64); ok {
			want.SignedAt = time.Unix(iat, 0).UTC()
		}
		token := assertion(c)
		digest := sha256.Sum256([]byte(token[:strings.LastIndex(token, ".")]))
		want.Signed = hex.EncodeToString(digest[:])
		if got, err := v.Verify(t.Context(), asserting(token), came); err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func TestS16EveryOtherAssertionIsRefused(t *testing.T) {
	good := assertion(nil)
	parts := strings.Split(good, ".")
	mac := hmac.New(sha256.New, []byte("the published key"))
	hs256 := encode(marshal(header("HS256", "k1"))) + "." + parts[1]
	mac.Write([]byte(hs256))
	hs256 += "." + encode(mac.Sum(nil))
	for _, tc := range []struct {
		name   string
		header http.Header
		want   string
	}{
		{"no header", http.Header{}, "0 headers"},
		{"two headers, both good", asserting(good, good), "2 headers"},
		{"two in one header", asserting(good + "," + good), "5 parts"},
		{"only the unsigned headers", http.Header{"X-Goog-Authenticated-User-Email": {"accounts.google.com:ada@example.com"},
			"X-Goog-Authenticated-User-Id": {"accounts.google.com:1234"}}, "0 headers"},
		{"another audience", asserting(assertion(claims{"aud": "/projects/1/global/backendServices/2"})), "audience is not " + iapAudience},
		{"an audience that begins like ours", asserting(assertion(claims{"aud": iapAudience + "2"})), "audience is not"},
		{"a list of audiences", asserting(assertion(claims{"aud": []string{iapAudience}})), "claims of the assertion are unreadable"},
		{"no audience", asserting(assertion(claims{"aud": nil})), "audience is not"},
		{"another issuer", asserting(assertion(claims{"iss": "https://accounts.google.com"})), "issuer is not https://cloud.google.com/iap"},
		{"the issuer with a slash", asserting(assertion(claims{"iss": "https://cloud.google.com/iap/"})), "issuer is not"},
		{"expired", asserting(assertion(claims{"exp": came.Add(-30 * time.Second).Unix()})), "expired"},
		{"no expiry", asserting(assertion(claims{"exp": nil})), "expired"},
		{"from the future", asserting(assertion(claims{"iat": came.Add(31 * time.Second).Unix()})), "not issued yet"},
		{"no time of issue", asserting(assertion(claims{"iat": nil})), "not issued yet"},
		{"no e-mail", asserting(assertion(claims{"email": nil})), "e-mail is not that of a person"},
		{"an e-mail with the namespace of the unsigned headers", asserting(assertion(claims{"email": "accounts.google.com:ada@example.com"})), "e-mail is not"},
		{"an e-mail of Identity Platform", asserting(assertion(claims{"email": "securetoken.google.com/p/t:ada@example.com"})), "e-mail is not"},
		{"a letter that turns into ASCII in lower case", asserting(assertion(claims{"email": "\u212aim@example.com"})), "e-mail is not"},
		{"an e-mail with a line break", asserting(assertion(claims{"email": "ada@example.com\n"})), "e-mail is not"},
		{"a service account", asserting(assertion(claims{"email": "ci@pay-prod.iam.gserviceaccount.com"})), "e-mail is not"},
		{"no subject", asserting(assertion(claims{"sub": nil})), "subject is not accounts.google.com:ID"},
		{"a subject without its id", asserting(assertion(claims{"sub": "accounts.google.com:"})), "subject is not"},
		{"a workforce subject", asserting(assertion(claims{"sub": "sts.google.com:1234"})), "subject is not"},
		{"another key under a known id", asserting(signES256(otherIAPKey(), header("ES256", "k1"), visit(nil))), "signature is wrong"},
		{"a key that is not published", asserting(signES256(otherIAPKey(), header("ES256", "k2"), visit(nil))), "a key that IAP does not publish"},
		{"claims changed after signing", asserting(parts[0] + "." + encode(marshal(visit(claims{"email": "eve@example.com"}))) + "." + parts[2]), "signature is wrong"},
		{"no signature, and saying so", asserting(encode(marshal(header("none", "k1"))) + "." + parts[1] + "."), "not signed with ES256"},
		{"no signature", asserting(parts[0] + "." + parts[1] + "."), "wrong form"},
		{"a short signature, which makes the library panic", asserting(parts[0] + "." + parts[1] + "." + encode([]byte("short"))), "wrong form"},
		{"a secret in place of a key", asserting(hs256), "not signed with ES256"},
		{"Google's token for service accounts", asserting(sign(key(), header("RS256", "k1"), visit(nil))), "not signed with ES256"},
		{"a header that is null", asserting(signES256(iapKey(), nil, visit(nil))), "not signed with ES256"},
		{"claims that are null", asserting(signES256(iapKey(), header("ES256", "k1"), nil)), "issuer is not"},
		{"one word", asserting("hunter2"), "1 parts"},
		{"an assertion too long to be one", asserting(strings.Repeat("x", 16<<10+1)), "16385 bytes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			who, err := newIAP(t, newIAPCerts(t).URL, at(came)).Verify(t.Context(), tc.header, came)
			if !errors.Is(err, functions.ErrInvalidToken) || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("got %+v, error %v, want an invalid token: %s", who, err, tc.want)
			}
			for _, of := range append(tc.header["X-Goog-Iap-Jwt-Assertion"], parts[2], "1234", "eve") {
				if strings.Contains(err.Error(), of) {
					t.Errorf("the error holds something of the assertion: %v", err)
				}
			}
		})
	}
}

// The clock here is the present one's, years after the assertion: what counts
// is when the answer was published.
func TestS16AnAssertionIsJudgedByWhenItWasPublished(t *testing.T) {
	v := newIAP(t, newIAPCerts(t).URL, time.Now)
	h := asserting(assertion(nil))
	if _, err := v.Verify(t.Context(), h, came.Add(10*time.Minute)); err != nil {
		t.Errorf("published while it lived: %v", err)
	}
	if _, err := v.Verify(t.Context(), h, came.Add(11*time.Minute)); !errors.Is(err, functions.ErrInvalidToken) {
		t.Errorf("published after its end: got error %v, want an invalid token", err)
	}
}

func TestWithoutIAPKeysAnAssertionIsNotJudged(t *testing.T) {
	for name, body := range map[string]string{
		"a page":                      "<html>",
		"no keys":                     `{"keys":[]}`,
		"keys of the wrong type":      `{"keys":[1]}`,
		"a key that is no point":      `{"keys":[{"kid":"k1","kty":"EC","crv":"P-256","x":"` + encode(make([]byte, 32)) + `","y":"` + encode(make([]byte, 32)) + `"}]}`,
		"a key with a short point":    `{"keys":[{"kid":"k1","kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}]}`,
		"nothing: the server is down": "",
	} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if body == "" {
				w.WriteHeader(http.StatusBadGateway)
			}
			fmt.Fprint(w, body)
		}))
		_, err := newIAP(t, s.URL, at(came)).Verify(t.Context(), asserting(assertion(nil)), came)
		if err == nil || errors.Is(err, functions.ErrInvalidToken) || !strings.Contains(err.Error(), "fetch keys: ") {
			t.Errorf("%s: got error %v, want one of fetching keys", name, err)
		}
		s.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newIAP(t, newIAPCerts(t).URL, at(came)).Verify(ctx, asserting(assertion(nil)), came)
	if err == nil || errors.Is(err, functions.ErrInvalidToken) {
		t.Errorf("the visitor hung up: got error %v, want one that may pass", err)
	}
}

func TestIAPKeysAreFetchedAnewWhenOneIsMissingOrTheyAreOld(t *testing.T) {
	s, now := newIAPCerts(t), came
	v := newIAP(t, s.URL, func() time.Time { return now })
	fetches := func(step string, token string, good bool, want int32) {
		t.Helper()
		_, err := v.Verify(t.Context(), asserting(token), came)
		if (err == nil) != good || s.hits.Load() != want {
			t.Errorf("%s: error %v after %d fetches, want good %t after %d", step, err, s.hits.Load(), good, want)
		}
	}
	rotated := signES256(otherIAPKey(), header("ES256", "k2"), visit(nil))
	fetches("the first", assertion(nil), true, 1)
	fetches("the next", assertion(nil), true, 1)
	fetches("an unknown key at once", rotated, false, 1)
	now = now.Add(31 * time.Second)
	s.keys = map[string]*ecdsa.PrivateKey{"k2": otherIAPKey()}
	fetches("the new key a little later", rotated, true, 2)
	fetches("the old key, withdrawn", assertion(nil), false, 2)
	now = now.Add(time.Hour)
	fetches("an hour later", rotated, true, 3)
}

func TestAnIAPVerifierThatCouldAcceptTooMuchIsRefused(t *testing.T) {
	_, err := functions.NewIAP(functions.IAPConfig{CertsURL: "http://keys.example.com"})
	if want := "IAP audience is empty: an assertion for any other service would do\n" +
		`certs URL has scheme "http" and host "keys.example.com": want https, or a loopback address`; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func FuzzIAPAssertion(f *testing.F) {
	for _, s := range []string{"", "..", assertion(nil), encode([]byte("null")) + "." + encode([]byte("null")) + ".AAAA"} {
		f.Add(s)
	}
	v := newIAP(f, newIAPCerts(f).URL, at(came))
	good := assertion(nil)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := v.Verify(t.Context(), asserting(s), came); err == nil && s != good && !strings.HasPrefix(s, good[:strings.LastIndexByte(good, '.')]) {
			t.Errorf("accepted %q", s)
		}
	})
}
