package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// api asks one API, and asks again where that may help.
type api struct {
	client *http.Client
	wait   func(ctx context.Context, d time.Duration) error
	needs  string // the permission that it takes
}

// mostTries is how often one request is sent; with the waits between it takes a minute.
const mostTries = 6

func (f Finder) api(scope, needs string) (api, error) {
	c, err := f.client(scope)
	a := api{client: c, wait: f.Wait, needs: needs}
	if a.wait == nil {
		a.wait = wait
	}
	return a, err
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// do sends a request until it is answered, and returns an answer that is 200 or 206.
func (a api) do(ctx context.Context, method, url string, header http.Header, body []byte) (*http.Response, error) {
	for try := 1; ; try++ {
		r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		for k, v := range header {
			r.Header[k] = v
		}
		res, err := a.client.Do(r)
		if err == nil && (res.StatusCode == http.StatusOK || res.StatusCode == http.StatusPartialContent) {
			return res, nil
		}
		pause := time.Duration(1<<(try-1)) * time.Second
		if err == nil {
			pause, err = a.refused(res, pause)
		}
		if try == mostTries || pause == 0 || ctx.Err() != nil {
			return nil, err
		}
		if err := a.wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// refused says what an answer says, and how long to wait before the next; 0 for good.
func (a api) refused(res *http.Response, pause time.Duration) (time.Duration, error) {
	defer res.Body.Close()
	var answer struct {
		Error struct{ Message string }
	}
	_ = json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&answer) // it may be no JSON
	switch {
	case res.StatusCode == http.StatusForbidden || res.StatusCode == http.StatusUnauthorized:
		return 0, fmt.Errorf("HTTP %d: you may not: it takes %s", res.StatusCode, a.needs)
	case res.StatusCode == http.StatusNotFound:
		return 0, errors.New("HTTP 404: there is none of that name")
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= http.StatusInternalServerError:
		if s, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && s > 0 && s <= 120 {
			pause = time.Duration(s) * time.Second
		}
		return pause, fmt.Errorf("HTTP %d: %.200s", res.StatusCode, answer.Error.Message)
	}
	return 0, fmt.Errorf("HTTP %d: %.200s", res.StatusCode, answer.Error.Message)
}

// into sends a request and reads the JSON of its answer.
func (a api) into(ctx context.Context, method, url string, body []byte, v any) error {
	const most = 256 << 20
	res, err := a.do(ctx, method, url, http.Header{"Content-Type": {"application/json"}}, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, most)).Decode(v); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
