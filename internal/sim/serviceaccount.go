package sim

import (
	"context"
	"fmt"
	"strings"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
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
	r, err := accountRecord(full, "google.iam.admin.v1.SetIAMPolicy")
	if err != nil {
		return nil, err
	}
	r.call, r.permission = iamV1+"SetIamPolicy", "iam.serviceAccounts.setIamPolicy"
	r.request = typed(req)
	return s.c.writePolicy(ctx, r, req, full, s.c.accountExists)
}

// CreateServiceAccountKey makes a key of no use; what matters is its entry, which has
// the account's number as its resourceName and the key's name in its response.
func (s *iamAdmin) CreateServiceAccountKey(ctx context.Context, req *adminpb.CreateServiceAccountKeyRequest) (*adminpb.ServiceAccountKey, error) {
	full := s.c.resolve(req.GetName())
	r, err := accountRecord(full, "google.iam.admin.v1.CreateServiceAccountKey")
	if err != nil {
		return nil, err
	}
	r.call, r.permission, r.request = iamV1+"CreateServiceAccountKey", "iam.serviceAccountKeys.create", typed(req)
	var out *adminpb.ServiceAccountKey
	err = s.c.write(s.c.callerOf(ctx), r, func() error {
		if err := s.c.accountExists(full); err != nil {
			return err
		}
		out = &adminpb.ServiceAccountKey{Name: fmt.Sprintf("%s/keys/%040x", full, s.c.next())}
		r.response = typed(out)
		return nil
	})
	return out, err
}

// accountRecord is what every entry about a service account has.
func accountRecord(full, method string) (*record, error) {
	const number = "104785126512345678901"
	account, email, ok := strings.Cut(full, "/serviceAccounts/")
	if !ok || !strings.Contains(email, "@") {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid service account name %q", full)
	}
	return &record{
		service: iamService, method: method,
		resource: "projects/-/serviceAccounts/" + number, container: account, monitored: "service_account",
		labels:   map[string]string{"project_id": strings.TrimPrefix(account, "projects/"), "email_id": email, "unique_id": number},
		statusOK: true,
	}, nil
}
