package sim

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// revision is one immutable deployment of a service or worker pool.
type revision struct {
	proto    *runpb.Revision
	template proto.Message // what it was made from
	ready    bool
}

// revisionFor returns the revision that the new object needs, or nil if it
// goes on with the one it has. Only the template makes revisions.
//
// A template that names its revision falls into a trap here: the next change
// of the template still carries that name, and a name cannot be used for
// another configuration. Console, gcloud and Firebase name revisions, so
// this is what most updates through the API run into
// (hashicorp/terraform-provider-google issues 9438 and 14569).
func (c *Cloud) revisionFor(w *workload, next object) (*revision, error) {
	if w.kind.revisionName == nil {
		return nil, nil
	}
	unchanged := len(w.revisions) > 0 && proto.Equal(w.kind.template(w.obj), w.kind.template(next))
	wanted := *w.kind.revisionName(next)
	if old := w.revision(wanted); wanted != "" && old != nil {
		switch same := proto.Equal(old.template, w.kind.template(next)); {
		case same && !unchanged:
			return old, nil
		case same && !c.opt.PinnedNameRefusesAll:
			return nil, nil
		}
		return nil, status.Errorf(codes.AlreadyExists, "Revision named '%s' with different configuration already exists.", wanted)
	}
	if unchanged {
		return nil, nil
	}
	return c.newRevision(w, next, wanted), nil
}

func (c *Cloud) newRevision(w *workload, next object, id string) *revision {
	generation := w.obj.GetGeneration() + 1
	if id == "" {
		id = fmt.Sprintf("%s-%05d-%s", w.name.id, generation, c.suffix())
	}
	now := timestamppb.New(c.opt.Now())
	template := proto.Clone(w.kind.template(next))
	r := &runpb.Revision{
		Name: w.name.String() + "/revisions/" + id, Service: w.name.id,
		Uid: fmt.Sprintf("00000000-0000-4000-9000-%012d", c.next()), Generation: 1, ObservedGeneration: 1,
		CreateTime: now, UpdateTime: now, Reconciling: true,
		Conditions: []*runpb.Condition{condition(runpb.Condition_CONDITION_RECONCILING, now)},
		Etag:       c.newEtag(id),
	}
	copyShared(r.ProtoReflect(), proto.Clone(template).ProtoReflect())
	for _, container := range r.Containers {
		container.Image = c.resolved(container.Image)
	}
	return &revision{proto: r, template: template}
}

// resolved is the image by the digest that its tag has now: a revision goes on
// with the image it began with, wherever the tag goes.
func (c *Cloud) resolved(image string) string {
	if strings.Contains(image, "@") || image == "" {
		return image
	}
	sum := sha256.Sum256([]byte(cmp.Or(c.tags[image], image)))
	name := image
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		name = image[:colon]
	}
	return name + "@sha256:" + hex.EncodeToString(sum[:])
}

// MoveTag has a tag ("example.com/app:v1") point at another image from now on,
// as whoever pushes to it does.
func (c *Cloud) MoveTag(image, content string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tags[image] = content
}

// copyShared copies the fields that both messages have, by name and type.
func copyShared(dst, src protoreflect.Message) {
	src.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		to := dst.Descriptor().Fields().ByName(fd.Name())
		switch {
		case to == nil || to.Kind() != fd.Kind() || to.Cardinality() != fd.Cardinality() || to.IsMap() != fd.IsMap():
		case fd.IsMap(): // each message has entries of its own type
			v.Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
				dst.Mutable(to).Map().Set(k, e)
				return true
			})
		case to.Message() == fd.Message() && to.Enum() == fd.Enum():
			dst.Set(to, v)
		}
		return true
	})
}

// suffix is the three letters at the end of a generated revision name.
func (c *Cloud) suffix() string {
	const letters = "bcdfghjklmnpqrstvwxz"
	r := rand.New(rand.NewPCG(uint64(c.next()), 1))
	b := make([]byte, 3)
	for i := range b {
		b[i] = letters[r.IntN(len(letters))]
	}
	return string(b)
}

// addRevision makes r the newest, whether it is new or an old one named again.
func (w *workload) addRevision(r *revision) {
	w.revisions = append(slices.DeleteFunc(w.revisions, func(old *revision) bool { return old == r }), r)
}

// revision finds a revision by its short name; nil if there is none.
func (w *workload) revision(id string) *revision {
	i := slices.IndexFunc(w.revisions, func(r *revision) bool { return lastSegment(r.proto.Name) == id })
	if i < 0 {
		return nil
	}
	return w.revisions[i]
}

// trafficStatuses resolves a service's traffic to revisions. A target that
// names a revision stays there, whatever the template becomes.
func trafficStatuses(s *runpb.Service) []*runpb.TrafficTargetStatus {
	out := make([]*runpb.TrafficTargetStatus, len(s.Traffic))
	for i, t := range s.Traffic {
		out[i] = &runpb.TrafficTargetStatus{Type: t.Type, Revision: t.Revision, Percent: t.Percent, Tag: t.Tag}
		if t.Revision == "" {
			out[i].Revision = lastSegment(s.LatestReadyRevision)
		}
		if t.Tag != "" {
			out[i].Uri = "https://" + t.Tag + "---" + lastSegment(s.Uri)
		}
	}
	return out
}
