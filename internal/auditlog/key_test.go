package auditlog

import (
	"errors"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestAKeyIsMadeOfTheAccountThatAnythingNames(t *testing.T) {
	const fixture, email = "service-account-create-key", "264172533001-compute@developer.gserviceaccount.com"
	p := func(path string) string { return "protoPayload." + path }
	for name, tt := range map[string]struct {
		edits obj
		want  string
	}{
		"by its label":    {obj{p("response"): nil, p("request"): nil}, email},
		"by the key":      {obj{"resource.labels": obj{"project_id": "pay-prod"}}, email},
		"by the request":  {obj{"resource.labels": obj{}, p("response"): nil, p("request.name"): "projects/pay-prod/serviceAccounts/" + email}, email},
		"by its number":   {obj{"resource.labels": obj{}, p("response"): nil}, "105538"},
		"it was uploaded": {obj{p("methodName"): "google.iam.admin.v1.UploadServiceAccountKey"}, email},
	} {
		c, err := Decode(build(t, fixture, tt.edits))
		want := cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: tt.want}
		if err != nil || c.Verb != cloud.CreateKey || c.Resource != want || (len(c.Unread) > 0) != (tt.want != email) {
			t.Errorf("%s: %s of %s, unread %v, %v", name, c.Verb, c.Resource, c.Unread, err)
		}
	}
}

func TestAKeyThatWasNotMadeIsNoChange(t *testing.T) {
	const fixture = "service-account-create-key"
	for name, tt := range map[string]struct {
		edits obj
		want  error
	}{
		"it was refused":    {obj{"protoPayload.status": obj{"code": 9}}, ErrFailedCall},
		"it was taken away": {obj{"protoPayload.methodName": "google.iam.admin.v1.DeleteServiceAccountKey"}, ErrNotChange},
		"nothing names it":  {obj{"resource.labels": obj{}, "protoPayload.resourceName": "", "protoPayload.request": nil, "protoPayload.response": nil}, ErrUnreadable},
	} {
		if c, err := Decode(build(t, fixture, tt.edits)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}
