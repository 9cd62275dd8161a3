package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/rescind-dev/rescind/internal/replay"
)

// object is one of a bucket.
// https://cloud.google.com/storage/docs/json_api/v1/objects
type object struct {
	Name       string `json:"name"`
	Size       string `json:"size"`
	Generation string `json:"generation"`
}

// bucket finds the objects of gs://BUCKET/PREFIX: the one of that name, else all below it
// that are named like logs, or those that a pattern matches.
func (f Finder) bucket(ctx context.Context, operand string) ([]replay.Input, error) {
	name, prefix, _ := strings.Cut(strings.TrimPrefix(operand, "gs://"), "/")
	if name == "" || strings.ContainsAny(name, "*?[") {
		return nil, errors.New("want gs://BUCKET/PREFIX, and a pattern in the prefix alone")
	}
	a, err := f.api(storageScope, "storage.objects.list and storage.objects.get, which are in roles/storage.objectViewer")
	if err != nil {
		return nil, err
	}
	base := f.storage() + "/storage/v1/b/" + url.PathEscape(name) + "/o"
	pattern := strings.ContainsAny(prefix, "*?[")
	listed := prefix
	if pattern {
		listed = prefix[:strings.IndexAny(prefix, "*?[")]
	}
	objects, err := a.objects(ctx, base, listed)
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	var out []replay.Input
	for _, o := range objects {
		matches := o.Name == prefix || !pattern && replay.IsLog(o.Name)
		if pattern {
			if matches, err = path.Match(prefix, o.Name); err != nil {
				return nil, fmt.Errorf("pattern: %w", err)
			}
		}
		size, err := strconv.ParseInt(o.Size, 10, 64)
		if matches && !strings.HasSuffix(o.Name, "/") && err == nil {
			out = append(out, replay.StreamInput("gs://"+name+"/"+o.Name, size, func() (io.ReadCloser, error) {
				return &download{ctx: ctx, api: a, url: base + "/" + url.PathEscape(o.Name) + "?alt=media&generation=" + o.Generation, size: size}, nil
			}))
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no object there is named like a log (*.json, *.jsonl, *.ndjson, *.log)")
	}
	return out, nil
}

// storage is where Cloud Storage is: Google's, or what the variable of Google's own
// clients names.
func (f Finder) storage() string {
	if f.Storage == "" {
		if host := os.Getenv(storageEmulator); host != "" {
			if !strings.Contains(host, "://") {
				host = "http://" + host
			}
			return strings.TrimSuffix(host, "/")
		}
	}
	return cmp.Or(f.Storage, "https://storage.googleapis.com")
}

// objects lists those with the prefix, page by page.
func (a api) objects(ctx context.Context, base, prefix string) ([]object, error) {
	var out []object
	q := url.Values{"prefix": {prefix}, "fields": {"nextPageToken,items(name,size,generation)"}}
	for {
		var page struct {
			NextPageToken string   `json:"nextPageToken"`
			Items         []object `json:"items"`
		}
		if err := a.into(ctx, http.MethodGet, base+"?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if page.NextPageToken == "" {
			return out, nil
		}
		q.Set("pageToken", page.NextPageToken)
	}
}

// download reads an object to its end, and goes on where a connection broke off.
type download struct {
	ctx    context.Context //nolint:containedctx // it is that of the reading, which has no other way to it
	api    api
	url    string
	size   int64
	at     int64
	body   io.ReadCloser
	broken int
}

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	if d.at >= d.size {
		return 0, io.EOF
	}
	if d.body == nil {
		res, err := d.api.do(d.ctx, http.MethodGet, d.url, http.Header{"Range": {fmt.Sprintf("bytes=%d-", d.at)}, "Accept-Encoding": {"identity"}}, nil)
		if err != nil {
			return 0, err
		}
		if d.at > 0 && res.StatusCode != http.StatusPartialContent {
			_ = res.Body.Close()
			return 0, errors.New("the object cannot be read from the middle on, where the connection broke off")
		}
		d.body = res.Body
	}
	n, err := d.body.Read(p)
	if d.at += int64(n); n > 0 {
		d.broken = 0
	}
	if err == nil || d.at >= d.size {
		return n, nil
	}
	_ = d.body.Close()
	if d.body = nil; d.ctx.Err() != nil {
		return n, d.ctx.Err()
	}
	if d.broken++; d.broken == mostTries {
		return n, fmt.Errorf("it breaks off after %d of %d bytes: %w", d.at, d.size, io.ErrUnexpectedEOF)
	}
	return n, nil
}

// Close implements io.Closer.
func (d *download) Close() error {
	if d.body == nil {
		return nil
	}
	return d.body.Close()
}
