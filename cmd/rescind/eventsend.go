package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/testevent"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/google/caller"
)

// pushTimeout is longer than rescind takes at most before it owes an answer.
const pushTimeout = 30 * time.Second

// publishEvent puts the entry where the log sink puts it.
func publishEvent(ctx context.Context, env environment, topic string, entry []byte) (err error) {
	t, err := google.OpenTopic(ctx, topic)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if err := t.Publish(ctx, entry, testevent.Attributes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.stdout, "\npublished to %s: Pub/Sub has it. What came of it is in the log of serve and in rescind findings list\n", topic)
	return err
}

// postEvent pushes the entry as Pub/Sub does, and says what the answer means.
func postEvent(ctx context.Context, env environment, c config.Config, to string, entry []byte) error {
	if err := testevent.CheckReceiver(to, c.Push.Audience); err != nil {
		return usagef("--to: %s", err)
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	token, err := caller.IDToken(ctx, caller.IDTokenOptions{
		Account: c.Push.ServiceAccount, Audience: c.Push.Audience, Endpoint: c.Google.Endpoints.IAMCredentials, Insecure: c.Google.Insecure,
	})
	if err != nil {
		return err
	}
	status, err := testevent.Post(ctx, to, token, entry)
	if err != nil {
		return fmt.Errorf("post to %s: %w", to, err)
	}
	if _, err := fmt.Fprintf(env.stdout, "\nHTTP %d: %s\n", status, testevent.Meaning(status)); err != nil {
		return err
	}
	if !testevent.Taken(status) {
		return fmt.Errorf("%s did not take it: HTTP %d", to, status)
	}
	return nil
}
