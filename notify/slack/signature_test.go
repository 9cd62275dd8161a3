package slack_test

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify/slack"
)

const signingSecret slack.Secret = "8f742231b10e8888abcd99yyyzzz85a5"

var secrets = []slack.Secret{signingSecret}

func signed(stamp string, body []byte, s slack.Secret) http.Header {
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", slack.Sign(s, stamp, body))
	return h
}

func stampOf(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// The example of Slack's own page on verifying requests.
func TestVerifyAcceptsSlacksOwnExample(t *testing.T) {
	body := []byte("token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&" +
		"user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2F" +
		"T1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c")
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", "1531420618")
	h.Set("X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503")
	if err := slack.Verify(h, body, secrets, time.Unix(1531420618, 0)); err != nil {
		t.Error(err)
	}
}

func TestS1VerifyRefusesAnyChangedByte(t *testing.T) {
	body := []byte("payload=%7B%22type%22%3A%22block_actions%22%7D")
	stamp := stampOf(noon)
	good := signed(stamp, body, signingSecret)
	if err := slack.Verify(good, body, secrets, noon); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		changed := append([]byte(nil), body...)
		changed[i] ^= 1
		if slack.Verify(good, changed, secrets, noon) == nil {
			t.Errorf("byte %d of the body may be changed", i)
		}
	}
	for _, name := range []string{"X-Slack-Request-Timestamp", "X-Slack-Signature"} {
		for i := range good.Get(name) {
			v := []byte(good.Get(name))
			v[i] ^= 1
			h := good.Clone()
			h.Set(name, string(v))
			if slack.Verify(h, body, secrets, noon) == nil {
				t.Errorf("byte %d of %s may be changed", i, name)
			}
		}
	}
}

func TestS3OnlyFiveMinutesAroundNowAndTenDigitsAreATime(t *testing.T) {
	body := []byte("x")
	for _, row := range []struct {
		name  string
		stamp string
		ok    bool
	}{
		{"301 seconds old", stampOf(noon.Add(-301 * time.Second)), false},
		{"300 seconds old", stampOf(noon.Add(-300 * time.Second)), true},
		{"now", stampOf(noon), true},
		{"300 seconds ahead", stampOf(noon.Add(300 * time.Second)), true},
		{"301 seconds ahead", stampOf(noon.Add(301 * time.Second)), false},
		{"so far that a duration would overflow", "9223372036854775807", false},
		{"ten digits, far ahead", "9999999999", false},
		{"a leading plus", "+" + stampOf(noon), false},
		{"a leading zero", "0" + stampOf(noon), false},
		{"negative", "-" + stampOf(noon), false},
		{"a fraction", stampOf(noon) + ".0", false},
		{"a space", " " + stampOf(noon), false},
		{"digits of another script", strings.Replace(stampOf(noon), "1", "١", 1), false},
		{"empty", "", false},
	} {
		if err := slack.Verify(signed(row.stamp, body, signingSecret), body, secrets, noon); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestS3VerifyRefusesMissingAndDoubledHeaders(t *testing.T) {
	body := []byte("x")
	for _, name := range []string{"X-Slack-Request-Timestamp", "X-Slack-Signature"} {
		h := signed(stampOf(noon), body, signingSecret)
		h.Add(name, h.Get(name))
		if slack.Verify(h, body, secrets, noon) == nil {
			t.Errorf("%s may be there twice", name)
		}
		h.Del(name)
		if slack.Verify(h, body, secrets, noon) == nil {
			t.Errorf("%s may be left out", name)
		}
	}
}

func TestS12VerifyTakesEverySecretOfARotationAndNeverAnEmptyOne(t *testing.T) {
	body := []byte("x")
	for _, row := range []struct {
		name string
		with slack.Secret
		of   []slack.Secret
		ok   bool
	}{
		{"the old one", "old", []slack.Secret{"old", "new"}, true},
		{"the new one", "new", []slack.Secret{"old", "new"}, true},
		{"a third one", "other", []slack.Secret{"old", "new"}, false},
		{"no secret at all", "", nil, false},
		{"an empty secret", "", []slack.Secret{""}, false},
		{"an empty secret beside a good one", "new", []slack.Secret{"new", ""}, false},
	} {
		if err := slack.Verify(signed(stampOf(noon), body, row.with), body, row.of, noon); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}

func TestVerifyRefusesOtherFormsOfTheSignature(t *testing.T) {
	body := []byte("x")
	good := slack.Sign(signingSecret, stampOf(noon), body)
	for _, s := range []string{strings.ToUpper(good), "V0=" + good[3:], good[3:], good + "0", good[:66], "v1=" + good[3:]} {
		h := signed(stampOf(noon), body, signingSecret)
		h.Set("X-Slack-Signature", s)
		if slack.Verify(h, body, secrets, noon) == nil {
			t.Errorf("accepted %q", s)
		}
	}
}

func TestS2VerifyHasOneConstantError(t *testing.T) {
	h := signed(stampOf(noon), []byte("x"), "wrong")
	if err := slack.Verify(h, []byte("x"), secrets, noon); !errors.Is(err, slack.ErrUnsigned) || err.Error() != slack.ErrUnsigned.Error() {
		t.Errorf("error says more than it may: %v", err)
	}
}

func TestS12ASecretNeverPrints(t *testing.T) {
	c := slack.Config{Token: "xoxb-very-secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, c); strings.Contains(got, "very") || strings.Contains(got, "76657279") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}
