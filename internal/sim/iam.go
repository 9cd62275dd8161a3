package sim

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// neverSet is the etag of a policy nobody wrote yet; JSON shows it as "ACAB".
var neverSet = []byte{0x00, 0x20, 0x01}

// withCond is how a conditional role shows to a reader below version 3.
// https://cloud.google.com/iam/docs/troubleshooting-withcond
const withCond = "_withcond_"

func (c *Cloud) policy(resource string) *iampb.Policy {
	if p := c.policies[resource]; p != nil {
		return p
	}
	return &iampb.Policy{Version: 1, Etag: neverSet}
}

// readPolicy answers GetIamPolicy for a resource that exists says is there.
func (c *Cloud) readPolicy(method string, r *iampb.GetIamPolicyRequest, exists func(string) error) (out *iampb.Policy, err error) {
	err = c.read(method, func() error {
		resource := c.canonical(r.Resource)
		if err := exists(resource); err != nil {
			return err
		}
		version := r.GetOptions().GetRequestedPolicyVersion()
		if !policyVersion(version) {
			return status.Errorf(codes.InvalidArgument, "Requested policy version (%d) is none there is.", version)
		}
		out = proto.Clone(c.seen(resource, c.policy(resource))).(*iampb.Policy)
		if version < 3 {
			hideConditions(out)
		}
		return nil
	})
	return out, err
}

func hideConditions(p *iampb.Policy) {
	p.Version = 1
	for _, b := range p.Bindings {
		if b.Condition != nil {
			h := fnv.New64a()
			fmt.Fprint(h, conditionKey(b.Condition))
			b.Role += fmt.Sprintf("%s%020x", withCond, h.Sum64())
			b.Condition = nil
		}
	}
}

// writePolicy answers SetIamPolicy: r says how it is logged.
func (c *Cloud) writePolicy(ctx context.Context, r *record, req *iampb.SetIamPolicyRequest, resource string, exists func(string) error) (out *iampb.Policy, err error) {
	err = c.write(c.callerOf(ctx), r, func() error {
		if err := exists(resource); err != nil {
			return err
		}
		before := c.policy(resource)
		after, err := c.nextPolicy(resource, before, req)
		if err != nil {
			return err
		}
		c.policies[resource] = after
		c.lags(resource, before)
		out = proto.Clone(after).(*iampb.Policy)
		r.response = typed(after)
		if r.service == resourceManager || r.service == iamService {
			r.serviceData = auditData(before, after)
		}
		return nil
	})
	return out, err
}

// policyVersion reports the versions that a policy, or a request for one, may
// be of.
func policyVersion(v int32) bool { return v == 0 || v == 1 || v == 3 }

// nextPolicy is the policy that a write leaves behind. A write without an
// etag is accepted, blind as it is, and may lose conditions: the API is so.
func (c *Cloud) nextPolicy(resource string, stored *iampb.Policy, req *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	if err := acceptable(stored, req.Policy); err != nil {
		return nil, err
	}
	next := &iampb.Policy{Version: max(1, stored.Version), Bindings: stored.Bindings, AuditConfigs: stored.AuditConfigs, Etag: c.policyEtag(resource)}
	paths := req.GetUpdateMask().GetPaths()
	if slices.Contains(paths, "audit_configs") {
		next.AuditConfigs = req.Policy.AuditConfigs
	}
	if len(paths) > 0 && !slices.Contains(paths, "bindings") {
		return next, nil
	}
	grants := grantsOf(req.Policy)
	next.Version, next.Bindings = 1, bindings(grants)
	for _, g := range grants {
		if err := g.check(req.Policy.Version, resource); err != nil {
			return nil, err
		}
		if g.condition != nil {
			next.Version = 3
		}
	}
	return next, withinLimits(grants)
}

// acceptable refuses a policy for what it is, whatever it grants.
func acceptable(stored, sent *iampb.Policy) error {
	switch {
	case sent == nil:
		return status.Error(codes.InvalidArgument, "policy is required")
	case !policyVersion(sent.Version):
		return status.Errorf(codes.InvalidArgument, "Specified policy version (%d) is none there is.", sent.Version)
	case len(sent.Etag) > 0 && !slices.Equal(sent.Etag, stored.Etag):
		return status.Error(codes.Aborted,
			"There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.")
	case len(sent.Etag) > 0 && stored.Version == 3 && sent.Version < 3:
		return status.Errorf(codes.InvalidArgument, "Specified policy version (%d) cannot be less than the existing policy version (3).", sent.Version)
	}
	return nil
}

func (c *Cloud) policyEtag(resource string) []byte {
	h := fnv.New64a()
	fmt.Fprint(h, resource, "@", c.next())
	return binary.BigEndian.AppendUint32([]byte{7, 6, 0x10, 0x60}, uint32(h.Sum64()))
}
