// Package transcode serves REST with JSON for gRPC services, as Google's front
// ends do, by the google.api.http annotations that the generated packages carry.
// https://cloud.google.com/endpoints/docs/grpc/transcoding
//
// It knows what the methods of the simulated Google Cloud use of the rules:
// paths with variables, bodies, and query fields. It streams nothing and writes
// no response_body. Of a body it ignores what the generated packages do not
// know, which Google refuses: Google's own descriptions may be newer.
package transcode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// MaxBody bounds what a caller may send, in bytes; Cloud Run's own limit is
// 512 KiB.
const MaxBody = 1 << 20

// Transcoder serves the REST face of what is registered with it. It is a
// grpc.ServiceRegistrar: a registered service is called in this process.
type Transcoder struct {
	extra  map[string][]*annotations.HttpRule
	routes []*route
}

// New returns a Transcoder without services. Extra are rules that no annotation
// states, by the full name of their method.
func New(extra map[string][]*annotations.HttpRule) *Transcoder {
	return &Transcoder{extra: extra}
}

// route is one HTTP binding of one method. Its template is compiled when a request
// first may mean it: a test that starts a simulation asks few of its routes.
type route struct {
	verb     string
	template string
	compiled func() (*regexp.Regexp, []string) // and the request's fields, one for each group
	body     string                            // the field the body goes to; "*" is the whole request
	call     func(context.Context, func(any) error) (any, error)
}

// mayMean reports whether the template's fixed beginning and end are the path's.
func (rt *route) mayMean(path string) bool {
	begin, rest, ok := strings.Cut(rt.template, "{")
	if !ok {
		return path == begin
	}
	return strings.HasPrefix(path, begin) && strings.HasSuffix(path, rest[strings.LastIndexByte(rest, '}')+1:])
}

// RegisterService adds every annotated method of a service.
func (t *Transcoder) RegisterService(d *grpc.ServiceDesc, impl any) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(d.ServiceName))
	service, ok := found.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return // a generated service is always there
	}
	for _, m := range d.Methods {
		method := service.Methods().ByName(protoreflect.Name(m.MethodName))
		call := func(ctx context.Context, decode func(any) error) (any, error) {
			return m.Handler(impl, ctx, decode, nil)
		}
		rules := t.extra[string(method.FullName())]
		if rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule); ok && rule != nil {
			rules = append([]*annotations.HttpRule{rule}, append(rule.AdditionalBindings, rules...)...)
		}
		for _, rule := range rules {
			verb, template := pattern(rule)
			compiled := sync.OnceValues(func() (*regexp.Regexp, []string) { return compile(template) })
			t.routes = append(t.routes, &route{verb, template, compiled, rule.Body, call})
		}
	}
}

// ServeHTTP calls the method that the request names; 404 where there is none.
func (t *Transcoder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, rt := range t.routes {
		if rt.verb != r.Method || !rt.mayMean(r.URL.Path) {
			continue
		}
		path, fields := rt.compiled()
		if m := path.FindStringSubmatch(r.URL.Path); m != nil {
			rt.serve(w, r, fields, m[1:])
			return
		}
	}
	WriteError(w, status.Errorf(codes.NotFound, "The simulator has no %s %s", r.Method, r.URL.Path))
}

func (rt *route) serve(w http.ResponseWriter, r *http.Request, fields, values []string) {
	out, err := rt.call(Context(r), func(into any) error { return rt.decode(r, fields, values, into.(proto.Message)) })
	if err != nil {
		WriteError(w, err)
		return
	}
	b, err := protojson.Marshal(out.(proto.Message))
	if err != nil {
		WriteError(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(b)
}

// Context is the request's context with what a gRPC call says of its caller.
func Context(r *http.Request) context.Context {
	return metadata.NewIncomingContext(r.Context(), metadata.Pairs(
		"authorization", r.Header.Get("Authorization"), "user-agent", r.UserAgent()))
}

// decode fills a request from the body, the query and the path.
func (rt *route) decode(r *http.Request, fields, values []string, into proto.Message) error {
	if err := rt.decodeBody(r, into); err != nil {
		return status.Errorf(codes.InvalidArgument, "body: %v", err)
	}
	set := url.Values{}
	for k, v := range r.URL.Query() {
		if k != "alt" && k != "prettyPrint" && !strings.HasPrefix(k, "$") {
			set[k] = v
		}
	}
	for i, field := range fields {
		set.Set(field, values[i])
	}
	for k, v := range set {
		if err := setPath(into.ProtoReflect(), strings.Split(k, "."), v); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
	}
	return nil
}

func (rt *route) decodeBody(r *http.Request, into proto.Message) error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, MaxBody))
	if err != nil || rt.body == "" || len(b) == 0 {
		return err
	}
	if rt.body != "*" {
		fd := into.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(rt.body))
		into = into.ProtoReflect().Mutable(fd).Message().Interface()
	}
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(b, into)
}

// setPath sets a field, nested or not, by going through JSON: so scalars,
// enums and field masks are read the way the API reads them.
func setPath(m protoreflect.Message, path, values []string) error {
	fields := m.Descriptor().Fields()
	fd := fields.ByName(protoreflect.Name(path[0]))
	if fd == nil {
		fd = fields.ByJSONName(path[0])
	}
	switch {
	case fd == nil:
		return fmt.Errorf("unknown field %q", path[0])
	case len(path) > 1 && (fd.Message() == nil || fd.IsList() || fd.IsMap()):
		return fmt.Errorf("field %q has no parts", path[0])
	case len(path) > 1:
		return setPath(m.Mutable(fd).Message(), path[1:], values)
	}
	var v any = values[0]
	switch {
	case fd.IsList():
		v = values
	case fd.Kind() == protoreflect.BoolKind:
		v = strings.EqualFold(values[0], "true")
	}
	b, err := json.Marshal(map[string]any{fd.JSONName(): v})
	if err != nil {
		return err
	}
	one := m.New()
	if err := protojson.Unmarshal(b, one.Interface()); err != nil {
		return fmt.Errorf("field %q: %w", path[0], err)
	}
	m.Set(fd, one.Get(fd))
	return nil
}
