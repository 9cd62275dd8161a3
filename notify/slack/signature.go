package slack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ErrUnsigned is all that a refused request gets to know, and all that a log
// may say: an error that held the expected signature would let whoever reads
// the log sign requests (slack-go issue 849).
var ErrUnsigned = errors.New("request is not signed by Slack, or not in the last five minutes")

// window is how old, or how far ahead, a signed request may be, in seconds.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
const window = 300

// The headers that the signature needs.
const (
	headerTime      = "X-Slack-Request-Timestamp"
	headerSignature = "X-Slack-Signature"
)

// Verify reports nil if the body came from Slack: signed with one of the
// secrets (several while one is being replaced) within five minutes of now. It
// reads nothing but the two headers and the raw body, and is stricter about
// their form than Slack needs. Any other case is ErrUnsigned, also an empty
// list of secrets or an empty secret, with which anyone could sign.
func Verify(h http.Header, body []byte, secrets []Secret, now time.Time) error {
	if !maySign(h, now) {
		return ErrUnsigned
	}
	stamp, signature := h.Get(headerTime), h.Get(headerSignature)
	signed := false
	for _, s := range secrets {
		if s == "" {
			return ErrUnsigned
		}
		signed = hmac.Equal([]byte(signature), []byte(Sign(s, stamp, body))) || signed
	}
	if !signed {
		return ErrUnsigned
	}
	return nil
}

// maySign reports whether the headers have the form of a signature within five
// minutes of now, whatever it is worth: without it no body is read.
func maySign(h http.Header, now time.Time) bool {
	stamp, ok := only(h, headerTime)
	signature, once := only(h, headerSignature)
	return ok && once && fresh(stamp, now) && wellFormed(signature)
}

// Sign is the signature Slack puts on a body at a time, in Unix seconds.
func Sign(secret Secret, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// only is the header's value if it is there exactly once: of two, a proxy may
// have checked the other.
func only(h http.Header, name string) (string, bool) {
	v := h.Values(name)
	if len(v) != 1 {
		return "", false
	}
	return v[0], true
}

// fresh compares whole seconds. A time.Duration overflows after 292 years, and
// a timestamp from beyond that once passed slack-go's check.
func fresh(stamp string, now time.Time) bool {
	if len(stamp) != 10 || !all(stamp, "0123456789") {
		return false
	}
	t, err := strconv.ParseInt(stamp, 10, 64)
	age := now.Unix() - t
	return err == nil && age >= -window && age <= window
}

func wellFormed(signature string) bool {
	return len(signature) == 67 && signature[:3] == "v0=" && all(signature[3:], "0123456789abcdef")
}

func all(s, of string) bool {
	for _, c := range []byte(s) {
		found := false
		for _, o := range []byte(of) {
			found = found || c == o
		}
		if !found {
			return false
		}
	}
	return true
}

// Secret is a token or a signing secret. It prints as "(secret)" under every
// verb and in every log: a config once printed with %+v would otherwise be
// enough to speak as the app.
type Secret string

const hidden = "(secret)"

// Format writes a placeholder, whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// MarshalText writes a placeholder, so that JSON logs hold none either.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
