package sim

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// paged is any request for a list, with what it says of its page.
type paged interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// onePage cuts a page out of a list: all of it where no size is asked for. What
// comes or goes between two pages moves the rest, as it may in Google Cloud. A
// token continues the list that it was given for, and no other.
func onePage[T any](all []T, r paged) (page []T, next string, err error) {
	list := listed(r)
	from := 0
	if token := r.GetPageToken(); token != "" {
		of, at, _ := strings.Cut(token, "-")
		if from, err = strconv.Atoi(at); of != list {
			err = fmt.Errorf("a token of another list")
		}
	}
	if err != nil || from < 0 || r.GetPageSize() < 0 {
		return nil, "", status.Errorf(codes.InvalidArgument, "Invalid page of size %d at %q", r.GetPageSize(), r.GetPageToken())
	}
	all = all[min(from, len(all)):]
	size := int(r.GetPageSize())
	if size == 0 || size >= len(all) {
		return all, "", nil
	}
	return all[:size], list + "-" + strconv.Itoa(from+size), nil
}

// listed names the list that a request asks for, whatever page of it.
func listed(r paged) string {
	r = proto.Clone(r).(paged)
	m := r.ProtoReflect()
	for _, field := range []string{"page_size", "page_token"} {
		m.Clear(m.Descriptor().Fields().ByTextName(field))
	}
	h := fnv.New64a()
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	h.Write(b)
	return strconv.FormatUint(h.Sum64(), 36)
}
