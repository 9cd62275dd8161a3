package auditlog

import (
	"errors"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestAFunctionSaysWhatItsServiceRunsAs(t *testing.T) {
	const first, last = "function-update-first", "function-update-last"
	for _, tt := range []struct {
		name, fixture string
		edits         obj
		want          cloud.Identity
	}{
		{"the last half shows it", last, nil, cloud.KnownIdentity(standard)},
		{"a last half in snake case", last, obj{response: obj{"service_config": obj{"service_account_email": own}}}, cloud.KnownIdentity(own)},
		{"a last half that does not", last, obj{response: obj{"buildConfig": obj{"serviceAccount": own}}}, unknown},
		{"a first half whose mask names it without the value", first, nil, unknown},
		{"a first half with the value", first, obj{request + ".function.service_config.service_account_email": own}, cloud.KnownIdentity(own)},
		{"a first half whose mask leaves it out", first, obj{request + ".update_mask.paths": []any{"build_config"}}, unchanged},
		{"a create without it", first, obj{methodName: "google.cloud.functions.v2.FunctionService.CreateFunction"}, unknown},
		{"a request of the wrong type", first, obj{request: "..."}, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if c.Workload.Identity != tt.want || c.Workload.Controller != "Cloud Functions" || c.Resource.Name != "resize-image" {
				t.Errorf("%+v, want identity %+v", c.Workload, tt.want)
			}
			checkUnread(t, c, "identity", tt.want == unknown)
		})
	}
}

func TestOtherMethodsOfFunctionsAreNoChange(t *testing.T) {
	for _, m := range []string{
		"google.cloud.functions.v1.CloudFunctionsService.CreateFunction", "google.cloud.functions.v1.CloudFunctionsService.SetIamPolicy",
		"google.cloud.functions.v2.FunctionService.GetFunction", "google.cloud.functions.v2.FunctionService.SetIamPolicy",
	} {
		if _, err := Decode(build(t, "function-update-last", obj{methodName: m})); !errors.Is(err, ErrNotChange) {
			t.Errorf("%s: %v", m, err)
		}
	}
}
