package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	api "github.com/slack-go/slack"
)

// slackResponses is where Slack's response URLs are. Anything else in a payload
// would make this service fetch an address of someone's choosing.
const slackResponses = "https://hooks.slack.com/"

// noteTimeout bounds one private note.
const noteTimeout = 3 * time.Second

// notes sends private notes to whoever clicked.
type notes struct {
	client *http.Client
	prefix string
}

func newNotes(prefix string) (notes, error) {
	if prefix == "" {
		prefix = slackResponses
	}
	u, err := url.Parse(prefix)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || !strings.HasSuffix(prefix, "/") {
		return notes{}, fmt.Errorf("slack: the prefix of response URLs is %q, want http(s)://HOST/", prefix)
	}
	return notes{client: &http.Client{Timeout: noteTimeout, CheckRedirect: noRedirect}, prefix: prefix}, nil
}

// send answers the click in private, with Slack's markup. No error names the URL: it is a
// credential for half an hour.
// https://docs.slack.dev/interactivity/handling-user-interaction
func (n notes) send(ctx context.Context, to, text string) error {
	if !strings.HasPrefix(to, n.prefix) {
		return errors.New("send note: the response URL is not Slack's")
	}
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false, "text": text,
	})
	if err != nil {
		return fmt.Errorf("send note: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return errors.New("send note: the response URL cannot be read")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	res, err := n.client.Do(req)
	if err != nil {
		return errors.New("send note: no answer")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("send note: HTTP %d", res.StatusCode)
	}
	return nil
}

// noteTry bounds one of the ways to reach a person, so that there is time for
// the next.
const noteTry = time.Second

// privately tells the person who clicked, and nobody else.
func (r *Receiver) privately(ctx context.Context, i Interaction, text string) error {
	return r.whisper(ctx, i, prose(text, maxText))
}

// whisper says what is Slack's markup already: where Slack says the
// click can be answered; else in the channel, outside of any thread, as what
// only one person sees in a thread shows to whoever has it open; else in a
// conversation of their own.
func (r *Receiver) whisper(ctx context.Context, i Interaction, text string) error {
	var errs []error
	for _, try := range []func(context.Context, Interaction, string) error{r.byResponseURL, r.inChannel, r.directly} {
		ctx, cancel := context.WithTimeout(ctx, noteTry)
		err := try(ctx, i, text)
		cancel()
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r *Receiver) byResponseURL(ctx context.Context, i Interaction, text string) error {
	return r.notes.send(ctx, i.ResponseURL, text)
}

func (r *Receiver) inChannel(ctx context.Context, i Interaction, text string) error {
	if i.Channel == "" {
		return errors.New("the click names no channel")
	}
	_, err := r.api.PostEphemeralContext(ctx, i.Channel, i.UserID, quietly(api.MsgOptionText(text, false))...)
	return classify("chat.postEphemeral", err)
}

func (r *Receiver) directly(ctx context.Context, i Interaction, text string) error {
	c, _, _, err := r.api.OpenConversationContext(ctx, &api.OpenConversationParameters{Users: []string{i.UserID}})
	if err != nil {
		return classify("conversations.open", err)
	}
	_, _, err = r.api.PostMessageContext(ctx, c.ID, quietly(api.MsgOptionText(text, false))...)
	return classify("chat.postMessage", err)
}

// What people are told of an answer that was not recorded.
const (
	notRecorded = "Not recorded: "
	sayForeign  = "this can be answered from its own Slack workspace only."
	sayOld      = "this button is from another version of rescind. The finding's own page, or the newest card, has the answer that counts."
	sayNoForm   = "The form could not be opened. Nothing was decided; please click again."
	sayNotSent  = "Not recorded: it could not be passed on. Nothing was decided; please try again."
	sayNoStore  = "Not recorded: it could not be stored. Nothing was decided; please try again."
	saySlow     = "It is not certain that your answer was recorded in time. The card shows it once it counts; if it does not change, please answer again."
	sayNoLookup = "whether you may answer could not be looked up. That is a failed look-up, not a no; please try again."
	sayNobody   = "you are not among those who may answer."
	sayUnknown  = "Not recorded: rescind knows no such finding any more."
	sayNowhere  = "this card stands where rescind does not show this finding."
	sayNoOnCall = "Nobody was paged: no on-call is configured."
)
