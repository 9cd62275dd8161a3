package slack

import (
	"context"
	"errors"
	"time"

	api "github.com/slack-go/slack"
)

// noteTry bounds one of the ways to reach a person, so that there is time for
// the next.
const noteTry = time.Second

// privately tells the person who clicked, and nobody else.
func (r *Receiver) privately(ctx context.Context, i Interaction, text string) error {
	return r.whisper(ctx, i, fit(text, maxText, escape))
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
