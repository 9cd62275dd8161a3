package sim

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"
)

// A receiver reads entries one at a time, in the order of the writes they tell
// of: of a resource that many change at once, the last entry is the state.
func TestEntriesComeOneAtATimeInTheOrderOfTheWrites(t *testing.T) {
	c, _ := seeded(t, Options{})
	var within atomic.Int32
	var grown []int
	c.opt.Emit = func(b []byte) {
		if within.Add(1) != 1 {
			t.Error("two entries at once")
		}
		var e map[string]any
		must(t, json.Unmarshal(b, &e))
		if after, ok := dig(e, "protoPayload", "response", "bindings").([]any); ok { // it was not lost to another write
			grown = append(grown, len(after))
		}
		within.Add(-1)
	}
	s := &services{c: c}
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for {
				p, err := s.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: serviceName})
				if err != nil {
					t.Error(err)
					return
				}
				p.Bindings = append(p.Bindings, bind(fmt.Sprintf("roles/r%d", n), "allUsers"))
				if _, err = s.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: p}); err == nil {
					return
				}
			}
		})
	}
	all.Wait()
	if diff := cmp.Diff([]int{1, 2, 3, 4, 5, 6, 7, 8}, grown); diff != "" {
		t.Errorf("bindings after each write (-want +got):\n%s", diff)
	}
}

func TestAReceiverMayWriteBack(t *testing.T) {
	var c *Cloud
	var seen []string
	c, _ = seeded(t, Options{})
	c.opt.Emit = func(entry []byte) {
		seen = append(seen, string(entry))
		if len(seen) == 1 { // undo it, from within
			s := &services{c: c}
			if _, err := s.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf()}); err != nil {
				t.Error(err)
			}
		}
	}
	_, err := (&services{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf(bind("roles/run.invoker", "allUsers"))})
	must(t, err)
	if len(seen) != 2 {
		t.Errorf("%d entries", len(seen))
	}
}

// Cloud Logging takes entries of one log, time and insertId for one.
func TestNoTwoEntriesHaveOneInsertId(t *testing.T) {
	c, _ := seeded(t, Options{})
	seen := map[string]bool{}
	dashed := 0
	shape := regexp.MustCompile(`^-?[0-9a-z]{5,16}$`)
	for range 2000 {
		id := c.insertID()
		if seen[id] || !shape.MatchString(id) {
			t.Fatalf("%q comes twice or is no base 36", id)
		}
		if seen[id] = true; id[0] == '-' {
			dashed++
		}
	}
	if dashed == 0 || dashed == 2000 {
		t.Errorf("%d of 2000 begin with a dash, as some real ones do", dashed)
	}
}

func TestAnEntryNamesWhoCalledThroughWhichProgram(t *testing.T) {
	for _, tc := range []struct {
		sentence, authorization, email, subject string
	}{
		{"a person", "Bearer alice@example.com", "alice@example.com", "user:alice@example.com"},
		{"a service account", "Bearer bot@pay-prod.iam.gserviceaccount.com", "bot@pay-prod.iam.gserviceaccount.com", "serviceAccount:bot@pay-prod.iam.gserviceaccount.com"},
		{"a token that names nobody", "Bearer ya29.abc", "dev@example.com", "user:dev@example.com"},
		{"another kind of authorisation", "Basic alice@example.com", "dev@example.com", "user:dev@example.com"},
		{"nobody", "", "dev@example.com", "user:dev@example.com"},
	} {
		c, j := seeded(t, Options{})
		ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("authorization", tc.authorization, "user-agent", "Terraform/1.9"))
		_, err := (&services{c: c}).SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf()})
		must(t, err)
		e := j.take()[0]
		want := map[string]any{"principalEmail": tc.email, "principalSubject": tc.subject}
		if diff := cmp.Diff(want, dig(e, "protoPayload", "authenticationInfo")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
		if got := dig(e, "protoPayload", "requestMetadata", "callerSuppliedUserAgent"); got != "Terraform/1.9" {
			t.Errorf("%s: user agent %v", tc.sentence, got)
		}
	}
}

func TestWhoChangedAWorkloadLastStandsOnIt(t *testing.T) {
	c, _ := seeded(t, Options{DefaultPrincipal: "ops@example.com"})
	s := &services{c: c}
	for _, who := range []string{"alice@example.com", "bob@example.com"} {
		ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs("authorization", "Bearer "+who))
		_, err := s.UpdateService(ctx, &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Description: who}, UpdateMask: mask("description")})
		must(t, err)
		got, err := s.GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
		must(t, err)
		if got.LastModifier != who || got.Creator != "ops@example.com" {
			t.Errorf("made by %s, changed by %s", got.Creator, got.LastModifier)
		}
	}
}
