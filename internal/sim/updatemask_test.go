package sim

import (
	"slices"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
)

// full is a message in which every field is set, to what n makes of it; nested
// messages to the depth given.
func full(m protoreflect.Message, n, depth int) protoreflect.Message {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		switch {
		case fd.IsMap() || fd.ContainingOneof() != nil && fd.Kind() == protoreflect.MessageKind:
		case fd.IsList() && fd.Kind() == protoreflect.StringKind:
			m.Mutable(fd).List().Append(protoreflect.ValueOf(fd.TextName() + string(rune('a'+n))))
		case fd.IsList():
		case fd.Kind() == protoreflect.MessageKind && depth > 0:
			full(m.Mutable(fd).Message(), n, depth-1)
		case fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOf(fd.TextName()+string(rune('a'+n))))
		case fd.Kind() == protoreflect.BoolKind:
			m.Set(fd, protoreflect.ValueOf(n%2 == 0))
		case fd.Kind() == protoreflect.Int32Kind:
			m.Set(fd, protoreflect.ValueOf(int32(n+1)))
		case fd.Kind() == protoreflect.Int64Kind:
			m.Set(fd, protoreflect.ValueOf(int64(n+1)))
		case fd.Kind() == protoreflect.EnumKind:
			m.Set(fd, protoreflect.ValueOf(fd.Enum().Values().Get(1+n%2).Number()))
		}
	}
	return m
}

func output(fd protoreflect.FieldDescriptor) bool {
	behaviour, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviour, annotations.FieldBehavior_OUTPUT_ONLY)
}

// For every field there is: a mask that names it takes it, and nothing else;
// what only Google Cloud sets is never taken.
func TestAMaskTakesTheFieldItNamesAndNoOther(t *testing.T) {
	stored := full((&runpb.Service{}).ProtoReflect(), 0, 2).Interface().(*runpb.Service)
	written := full((&runpb.Service{}).ProtoReflect(), 1, 2).Interface().(*runpb.Service)
	fields := stored.ProtoReflect().Descriptor().Fields()
	taken := 0
	for i := range fields.Len() {
		fd := fields.Get(i)
		got, err := merge(stored, written, mask(fd.TextName()))
		must(t, err)
		want := proto.Clone(stored).(*runpb.Service)
		if !output(fd) {
			taken++
			want.ProtoReflect().Clear(fd)
			if written.ProtoReflect().Has(fd) {
				want.ProtoReflect().Set(fd, written.ProtoReflect().Get(fd))
			}
		}
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("mask %s (-want +got):\n%s", fd.TextName(), diff)
		}
	}
	if taken < 10 || taken == fields.Len() {
		t.Errorf("%d of %d fields can be written", taken, fields.Len())
	}
}

func TestAMaskReachesIntoAMessage(t *testing.T) {
	stored := full((&runpb.Service{}).ProtoReflect(), 0, 2).Interface().(*runpb.Service)
	written := &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: "new", Revision: "r"}, Labels: map[string]string{"a": "b"}}
	for _, tc := range []struct {
		sentence string
		paths    []string
		want     func(*runpb.Service)
	}{
		{"one field of it", []string{"template.service_account"}, func(s *runpb.Service) { s.Template.ServiceAccount = "new" }},
		{"two of them", []string{"template.service_account", "template.revision"}, func(s *runpb.Service) {
			s.Template.ServiceAccount, s.Template.Revision = "new", "r"
		}},
		{"one that the caller left out, which is cleared", []string{"template.execution_environment"}, func(s *runpb.Service) {
			s.Template.ExecutionEnvironment = runpb.ExecutionEnvironment_EXECUTION_ENVIRONMENT_UNSPECIFIED
		}},
		{"one two levels down, where the caller has nothing", []string{"template.scaling.min_instance_count"}, func(s *runpb.Service) { s.Template.Scaling.MinInstanceCount = 0 }},
		{"a map as a whole", []string{"labels"}, func(s *runpb.Service) { s.Labels = written.Labels }},
	} {
		got, err := merge(stored, written, mask(tc.paths...))
		must(t, err)
		want := proto.Clone(stored).(*runpb.Service)
		tc.want(want)
		if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
	}
	for _, path := range []string{"colour", "template.colour", "labels.a", "conditions.type", "description.x", "", "Template", "template."} {
		if _, err := merge(stored, written, mask(path)); status.Code(err) != codes.InvalidArgument {
			t.Errorf("mask %q: %v", path, err)
		}
	}
}

// Without a mask a write replaces the whole: who writes back half of a service
// loses the other half, and its identity with it.
func TestAWriteWithoutAMaskReplacesTheWhole(t *testing.T) {
	for name, paths := range map[string][]string{"no mask": nil, "a mask of everything": {"*"}} {
		c, _ := seeded(t, Options{})
		s := &services{c: c}
		must(t, c.PutService(&runpb.Service{Name: serviceName, Labels: map[string]string{"team": "pay"}, Template: &runpb.RevisionTemplate{ServiceAccount: apiIdentity}}))
		before, err := s.GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
		must(t, err)
		_, err = s.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Description: "x", Creator: "me"}, UpdateMask: mask(paths...)})
		must(t, err)
		after, err := s.GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
		must(t, err)
		if after.Template.ServiceAccount != computeSA || len(after.Labels) != 0 || after.Description != "x" {
			t.Errorf("%s: %v", name, after)
		}
		if after.Uid != before.Uid || after.Creator != before.Creator || !proto.Equal(after.CreateTime, before.CreateTime) || after.Generation != before.Generation+1 {
			t.Errorf("%s: what Google Cloud sets went from %v to %v", name, before, after)
		}
	}
}
