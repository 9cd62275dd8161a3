package sim

import (
	"context"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	iamService = "iam.googleapis.com"
	iamV1      = "google.iam.admin.v1.IAM."
)

func (c *Cloud) accountExists(full string) error {
	if !c.accounts[full] {
		return notFound(full)
	}
	return nil
}

func (s *iamAdmin) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.readPolicy(iamV1+"GetIamPolicy", r, s.c.accountExists)
}

// SetIamPolicy logs what real entries show: a method spelled SetIAMPolicy, a
// resourceName with the account's number, the e-mail in the labels and in the
// request.
func (s *iamAdmin) SetIamPolicy(ctx context.Context, req *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	full := s.c.resolve(req.GetResource())
	account, email, ok := strings.Cut(full, "/serviceAccounts/")
	project := strings.TrimPrefix(account, "projects/")
	if !ok || !strings.Contains(email, "@") {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid service account name %q", req.GetResource())
	}
	const number = "104785126512345678901"
	r := &record{
		service: iamService, method: "google.iam.admin.v1.SetIAMPolicy", call: iamV1 + "SetIamPolicy",
		resource: "projects/-/serviceAccounts/" + number, container: account, monitored: "service_account",
		labels:     map[string]string{"project_id": project, "email_id": email, "unique_id": number},
		permission: "iam.serviceAccounts.setIamPolicy", statusOK: true,
	}
	r.request = typed(req)
	return s.c.writePolicy(ctx, r, req, full, s.c.accountExists)
}
