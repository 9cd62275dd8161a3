package push

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/auth/credentials/idtoken"
	"github.com/google/go-cmp/cmp"
)

// receiver is a push endpoint that answers with the given codes, then 204.
type receiver struct {
	codes []int
	got   []string // entries taken, in order
	auth  string
	calls int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.calls++
	r.auth = req.Header.Get("Authorization")
	var envelope struct {
		Message struct {
			Data      []byte `json:"data"`
			MessageID string `json:"messageId"`
		} `json:"message"`
	}
	if err := json.NewDecoder(req.Body).Decode(&envelope); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(r.codes) > 0 {
		code := r.codes[0]
		r.codes = r.codes[1:]
		w.WriteHeader(code)
		return
	}
	r.got = append(r.got, envelope.Message.MessageID+" "+string(envelope.Message.Data))
	w.WriteHeader(http.StatusNoContent)
}

func pusher(t *testing.T, r *receiver, o Options) *Pusher {
	t.Helper()
	ts := httptest.NewServer(r)
	t.Cleanup(ts.Close)
	o.URL, o.Audience, o.Account = ts.URL, "https://rescind.example.com", "push@ops.iam.gserviceaccount.com"
	o.Wait = func(context.Context, time.Duration) error { return nil }
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPushedTokenPassesTheRealVerification(t *testing.T) {
	r := &receiver{}
	p := pusher(t, r, Options{})
	code, err := p.Deliver(t.Context(), []byte(`{"insertId":"a"}`), "m1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`m1 {"insertId":"a"}`}, r.got); code != http.StatusNoContent || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", code, diff)
	}
	keys := httptest.NewServer(p.JWKS())
	defer keys.Close()
	v, err := idtoken.NewValidator(&idtoken.ValidatorOptions{Client: keys.Client(), RS256CertsURL: keys.URL})
	if err != nil {
		t.Fatal(err)
	}
	token := strings.TrimPrefix(r.auth, "Bearer ")
	claims, err := v.Validate(t.Context(), token, "https://rescind.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != "https://accounts.google.com" || claims.Claims["email"] != "push@ops.iam.gserviceaccount.com" || claims.Claims["email_verified"] != true {
		t.Errorf("claims %v", claims.Claims)
	}
	other := pusher(t, r, Options{})
	forged, err := other.Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Validate(t.Context(), forged, "https://rescind.example.com"); err == nil {
		t.Error("a token of another key was accepted")
	}
}

func TestAPushIsRepeatedUntilTheReceiverTakesIt(t *testing.T) {
	r := &receiver{}
	p := pusher(t, r, Options{Attempts: 3})
	for _, tc := range []struct {
		sentence string
		answers  []int
		code     int
		calls    int
		fails    bool
	}{
		{"taken at once", nil, 204, 1, false},
		{"taken after two passing errors", []int{503, 500}, 204, 3, false},
		{"given up after its attempts", []int{503, 503, 503, 503}, 503, 3, true},
		{"a refusal is final", []int{401}, 401, 1, true},
	} {
		r.codes, r.calls = tc.answers, 0
		code, err := p.Deliver(t.Context(), []byte("{}"), "m")
		if code != tc.code || r.calls != tc.calls || (err != nil) != tc.fails {
			t.Errorf("%s: status %d after %d calls, error %v", tc.sentence, code, r.calls, err)
		}
	}
}
