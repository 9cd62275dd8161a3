package sim

import (
	"io"
	"net/http"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
)

// policyTarget splits "svc:getIamPolicy" off a path.
func policyTarget(k *kind, r *http.Request, verb string) (string, error) {
	id, got, _ := strings.Cut(r.PathValue("policy"), ":")
	if got != verb {
		return "", status.Errorf(codes.NotFound, "The simulator has no %s %s", r.Method, r.URL.Path)
	}
	return parent(r) + "/" + k.collection + "/" + id, nil
}

func (v *v1) getPolicy(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		resource, err := policyTarget(k, r, "getIamPolicy")
		if err != nil {
			transcode.WriteError(w, err)
			return
		}
		req := &iampb.GetIamPolicyRequest{Resource: resource}
		if n := r.URL.Query().Get("options.requestedPolicyVersion"); n == "3" {
			req.Options = &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}
		}
		p, err := v.c.readPolicy(k.v1Method("GetIamPolicy"), req, v.c.checked(k))
		answerPolicy(w, p, err)
	}
}

func (v *v1) setPolicy(k *kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		resource, err := policyTarget(k, r, "setIamPolicy")
		if err != nil {
			transcode.WriteError(w, err)
			return
		}
		req := &iampb.SetIamPolicyRequest{}
		b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, transcode.MaxBody))
		if err == nil {
			err = protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, req)
		}
		if err != nil {
			transcode.WriteError(w, status.Errorf(codes.InvalidArgument, "body: %v", err))
			return
		}
		req.Resource = resource
		p, err := v.c.runSetPolicy(transcode.Context(r), k, k.v1Method("SetIamPolicy"), req)
		answerPolicy(w, p, err)
	}
}

func answerPolicy(w http.ResponseWriter, p *iampb.Policy, err error) {
	if err != nil {
		transcode.WriteError(w, err)
		return
	}
	out := typed(p)
	delete(out, "@type")
	transcode.WriteJSON(w, http.StatusOK, out)
}
