package sim

import (
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// paged is what any list request says of its page.
type paged interface {
	GetPageSize() int32
	GetPageToken() string
}

// onePage cuts a page out of a list: all of it where no size is asked for. What
// comes or goes between two pages moves the rest, as it may in Google Cloud.
func onePage[T any](all []T, r paged) (page []T, next string, err error) {
	from := 0
	if r.GetPageToken() != "" {
		from, err = strconv.Atoi(r.GetPageToken())
	}
	if err != nil || from < 0 || r.GetPageSize() < 0 {
		return nil, "", status.Errorf(codes.InvalidArgument, "Invalid page of size %d at %q", r.GetPageSize(), r.GetPageToken())
	}
	all = all[min(from, len(all)):]
	size := int(r.GetPageSize())
	if size == 0 || size >= len(all) {
		return all, "", nil
	}
	return all[:size], strconv.Itoa(from + size), nil
}
