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
	return cut(all, listed(r), r.GetPageSize(), r.GetPageToken())
}

// cut is onePage for the list that goes by a name.
func cut[T any](all []T, list string, size int32, token string) (page []T, next string, err error) {
	from := 0
	h := fnv.New64a()
	h.Write([]byte(list))
	list = strconv.FormatUint(h.Sum64(), 36)
	if token != "" {
		of, at, _ := strings.Cut(token, "-")
		if from, err = strconv.Atoi(at); of != list {
			err = fmt.Errorf("a token of another list")
		}
	}
	if err != nil || from < 0 || size < 0 {
		return nil, "", status.Errorf(codes.InvalidArgument, "Invalid page of size %d at %q", size, token)
	}
	all = all[min(from, len(all)):]
	if size == 0 || int(size) >= len(all) {
		return all, "", nil
	}
	return all[:size], list + "-" + strconv.Itoa(from+int(size)), nil
}

// listed names the list that a request asks for, whatever page of it.
func listed(r paged) string {
	r = proto.Clone(r).(paged)
	m := r.ProtoReflect()
	for _, field := range []string{"page_size", "page_token"} {
		m.Clear(m.Descriptor().Fields().ByTextName(field))
	}
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	return string(b)
}
