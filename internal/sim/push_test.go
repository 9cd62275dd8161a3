package sim_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/auth/credentials/idtoken"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/sim/push"
)

// receiver is a push endpoint that answers with the given codes, then 204.
type receiver struct {
	codes  []int
	bodies []map[string]any // of every call, in order
	header http.Header      // of the last
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(req.Body).Decode(&body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.bodies, r.header = append(r.bodies, body), req.Header
	code := http.StatusNoContent
	if len(r.codes) > 0 {
		code, r.codes = r.codes[0], r.codes[1:]
	}
	w.WriteHeader(code)
}

// rig is a Pusher, its receiver, and a clock that only waiting moves.
type rig struct {
	*push.Pusher
	*receiver
	now   time.Time
	waits []time.Duration
}

func newRig(t *testing.T, attempts int) *rig {
	t.Helper()
	g := &rig{receiver: &receiver{}, now: time.Date(2026, 11, 20, 10, 0, 0, 7, time.UTC)}
	server := httptest.NewServer(g.receiver)
	t.Cleanup(server.Close)
	var err error
	g.Pusher, err = push.New(push.Options{
		URL: server.URL, Audience: "https://rescind.example.com", Account: "push@ops.iam.gserviceaccount.com", Attempts: attempts,
		Now: func() time.Time { return g.now },
		Wait: func(ctx context.Context, d time.Duration) error {
			g.waits, g.now = append(g.waits, d), g.now.Add(d)
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAMessageComesInPubSubsEnvelope(t *testing.T) {
	g := newRig(t, 1)
	code, err := g.Deliver(t.Context(), []byte(`{"insertId":"a"}`), "m1")
	if err != nil || code != http.StatusNoContent {
		t.Fatalf("delivered with %d, %v", code, err)
	}
	const at = "2026-11-20T10:00:00.000000007Z"
	want := map[string]any{
		"subscription": "projects/ops/subscriptions/rescind-events",
		"message": map[string]any{
			"data":       "eyJpbnNlcnRJZCI6ImEifQ==",
			"attributes": map[string]any{"logging.googleapis.com/timestamp": at},
			"messageId":  "m1", "message_id": "m1", "publishTime": at, "publish_time": at,
		},
	}
	if diff := cmp.Diff(want, g.bodies[0]); diff != "" {
		t.Errorf("envelope (-want +got):\n%s", diff)
	}
	if g.header.Get("Content-Type") != "application/json" || g.header.Get("User-Agent") != "CloudPubSub-Google" {
		t.Errorf("headers %v", g.header)
	}
}

func TestAPushedTokenPassesTheRealVerification(t *testing.T) {
	g := newRig(t, 1)
	g.now = time.Now() // the verification has a clock of its own
	if _, err := g.Deliver(t.Context(), []byte("{}"), "m1"); err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(g.JWKS())
	defer keys.Close()
	v, err := idtoken.NewValidator(&idtoken.ValidatorOptions{Client: keys.Client(), RS256CertsURL: keys.URL})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := v.Validate(t.Context(), strings.TrimPrefix(g.header.Get("Authorization"), "Bearer "), "https://rescind.example.com")
	if err != nil {
		t.Fatal(err)
	}
	if claims.Issuer != "https://accounts.google.com" || claims.Claims["email"] != "push@ops.iam.gserviceaccount.com" ||
		claims.Claims["email_verified"] != true || claims.Expires-claims.IssuedAt != 3600 {
		t.Errorf("claims %+v", claims)
	}
	forged, err := newRig(t, 1).Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Validate(t.Context(), forged, "https://rescind.example.com"); err == nil {
		t.Error("a token of another key was accepted")
	}
	elsewhere, err := g.At("http://127.0.0.1:1/").Token()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Validate(t.Context(), elsewhere, "https://rescind.example.com"); err != nil {
		t.Errorf("a pusher to elsewhere has another key: %v", err)
	}
}

// Pub/Sub takes four codes for an answer, and sends everything else again: a
// receiver that refuses for good would get it for ever.
func TestAMessageComesAgainUntilItIsAcknowledged(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		answers  []int
		code     int
		calls    int
		fails    bool
	}{
		{"taken at once", nil, 204, 1, false},
		{"taken with a 200", []int{200}, 200, 1, false},
		{"taken with a 202", []int{202}, 202, 1, false},
		{"taken after two passing errors", []int{503, 500}, 204, 3, false},
		{"taken after a refusal", []int{401, 404}, 204, 3, false},
		{"a success that acknowledges nothing", []int{206}, 204, 2, false},
		{"given up after its attempts", []int{503, 503, 503, 503}, 503, 3, true},
		{"refused to the end", []int{401, 401, 401, 401}, 401, 3, true},
	} {
		g := newRig(t, 3)
		g.codes = tc.answers
		code, err := g.Deliver(t.Context(), []byte("{}"), "m")
		if code != tc.code || len(g.bodies) != tc.calls || (err != nil) != tc.fails {
			t.Errorf("%s: status %d after %d calls, error %v", tc.sentence, code, len(g.bodies), err)
		}
	}
}

func TestARedeliveryIsTheSameMessageAfterALongerAndLongerPause(t *testing.T) {
	g := newRig(t, 8)
	g.codes = []int{500, 500, 500, 500, 500, 500, 500}
	if _, err := g.Deliver(t.Context(), []byte("{}"), "m"); err != nil {
		t.Fatal(err)
	}
	for n, body := range g.bodies {
		if diff := cmp.Diff(g.bodies[0], body); diff != "" {
			t.Errorf("delivery %d differs from the first (-first +this):\n%s", n+1, diff)
		}
	}
	want := []time.Duration{100e6, 200e6, 400e6, 800e6, 1600e6, 2e9, 2e9}
	if diff := cmp.Diff(want, g.waits); diff != "" {
		t.Errorf("pauses (-want +got):\n%s", diff)
	}
}

func TestAReceiverThatIsNotThereIsTriedAgain(t *testing.T) {
	g := newRig(t, 3)
	code, err := g.At("http://127.0.0.1:1/").Deliver(t.Context(), []byte("{}"), "m7")
	if code != 0 || err == nil || !strings.Contains(err.Error(), "push message m7: ") || len(g.waits) != 2 {
		t.Errorf("status %d after %d pauses, error %v", code, len(g.waits), err)
	}
}

func TestAPauseEndsWithItsContext(t *testing.T) {
	for sentence, wait := range map[string]func(context.Context, time.Duration) error{
		"a Pusher that is told how to wait": func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		"a Pusher that is told none":        nil,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := 0
		p, err := push.New(push.Options{
			URL: "http://127.0.0.1:1/", Audience: "a", Account: "b@c", Attempts: 3, Wait: wait,
			Client: &http.Client{Transport: answers(func() int { calls++; cancel(); return http.StatusServiceUnavailable })},
		})
		if err != nil {
			t.Fatal(err)
		}
		if code, err := p.Deliver(ctx, []byte("{}"), "m"); code != 503 || !errors.Is(err, context.Canceled) || calls != 1 {
			t.Errorf("%s: status %d after %d calls, error %v", sentence, code, calls, err)
		}
	}
}

// answers is a receiver that is reached without a network.
type answers func() int

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a(), Body: http.NoBody, Request: r}, nil
}

func TestAPusherNeedsItsAddressAndWhoItIs(t *testing.T) {
	whole := push.Options{URL: "http://127.0.0.1:1/", Audience: "a", Account: "b@c"}
	for name, without := range map[string]func(*push.Options){
		"an address": func(o *push.Options) { o.URL = "" }, "an audience": func(o *push.Options) { o.Audience = "" }, "an account": func(o *push.Options) { o.Account = "" },
	} {
		o := whole
		without(&o)
		if _, err := push.New(o); err == nil {
			t.Errorf("made without %s", name)
		}
	}
}
