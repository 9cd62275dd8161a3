package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// slackAPI is where Slack's Web API is.
const slackAPI = "https://slack.com/api/"

// maxAnswer bounds an answer of Slack's that is read: the members of the largest
// user group are below it.
const maxAnswer = 4 << 20

// caller reads from the Web API what slack-go does not tell: in its User a field
// that is absent and one that is false are the same.
type caller struct {
	client *http.Client
	base   string
	token  Secret
}

func newCaller(base string, token Secret) caller {
	if base == "" {
		base = slackAPI
	}
	return caller{&http.Client{Timeout: callTimeout, CheckRedirect: noRedirect}, strings.TrimSuffix(base, "/") + "/", token}
}

// call makes one call and reads its answer into out. An error is an *Error, and
// quotes neither request nor answer.
func (c caller) call(ctx context.Context, method string, args url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+method, strings.NewReader(args.Encode()))
	if err != nil {
		return fmt.Errorf("slack %s: the address of the API cannot be read", method)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+string(c.token))
	res, err := c.client.Do(req)
	if err != nil {
		e := &Error{Method: method, Kind: Lost, Code: "no answer"}
		if notSent(err) {
			e.Kind, e.Code = Down, "no connection"
		}
		return e
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		e := &Error{Method: method}
		e.fromStatus(res.StatusCode)
		return e
	}
	var raw json.RawMessage
	var status struct {
		OK    bool
		Error string
	}
	if json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&raw) != nil || json.Unmarshal(raw, &status) != nil {
		return &Error{Method: method, Kind: Lost, Code: "the answer is not JSON"}
	}
	if !status.OK {
		e := &Error{Method: method}
		e.fromCode(status.Error, nil)
		return e
	}
	if json.Unmarshal(raw, out) != nil {
		return &Error{Method: method, Kind: Lost, Code: "the answer is not what it is documented to be"}
	}
	return nil
}
