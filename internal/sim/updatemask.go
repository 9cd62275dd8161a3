package sim

import (
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// merge returns what a write makes of the stored message. Without a mask the
// written one replaces it, unknown fields included; with one, only the named
// fields are taken, and a named field the caller left out is cleared. What
// the API marks as output stays as stored in either case.
func merge[M proto.Message](stored, written M, mask *fieldmaskpb.FieldMask) (M, error) {
	var none M
	if !written.ProtoReflect().IsValid() {
		return none, status.Errorf(codes.InvalidArgument, "%s: required", stored.ProtoReflect().Descriptor().Name())
	}
	src := proto.Clone(written)
	dst := src
	if len(mask.GetPaths()) > 0 && !slices.Contains(mask.Paths, "*") {
		dst = proto.Clone(stored)
		for _, p := range mask.Paths {
			if !copyPath(dst.ProtoReflect(), src.ProtoReflect(), strings.Split(p, ".")) {
				return none, status.Errorf(codes.InvalidArgument, "update_mask: %q is no field of %s", p, dst.ProtoReflect().Descriptor().Name())
			}
		}
	}
	keepOutput(dst.ProtoReflect(), proto.Clone(stored).ProtoReflect())
	return dst.(M), nil
}

func copyPath(dst, src protoreflect.Message, path []string) bool {
	fd := dst.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	switch {
	case fd == nil:
		return false
	case len(path) > 1:
		if fd.Message() == nil || fd.IsList() || fd.IsMap() {
			return false
		}
		return copyPath(dst.Mutable(fd).Message(), src.Get(fd).Message(), path[1:])
	case src.Has(fd):
		dst.Set(fd, src.Get(fd))
	default:
		dst.Clear(fd)
	}
	return true
}

// keepOutput sets every OUTPUT_ONLY field of dst to what src holds.
func keepOutput(dst, src protoreflect.Message) {
	fields := dst.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		behaviour, _ := proto.GetExtension(fd.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
		if !slices.Contains(behaviour, annotations.FieldBehavior_OUTPUT_ONLY) {
			continue
		}
		if src.Has(fd) {
			dst.Set(fd, src.Get(fd))
		} else {
			dst.Clear(fd)
		}
	}
}

// setFields sets fields by their proto names, where the message has them.
func setFields(m proto.Message, values map[protoreflect.Name]any) {
	r := m.ProtoReflect()
	for field, v := range values {
		fd := r.Descriptor().Fields().ByName(field)
		if fd == nil {
			continue
		}
		if msg, ok := v.(proto.Message); ok {
			r.Set(fd, protoreflect.ValueOfMessage(msg.ProtoReflect()))
			continue
		}
		r.Set(fd, protoreflect.ValueOf(v))
	}
}
