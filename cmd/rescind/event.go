package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/testevent"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/google"
)

const eventPushUsage = `Usage: rescind event push [flags] FILE

Sends one log entry to a rescind that serves, to see that events reach it: posted as
Pub/Sub pushes it, or published to the topic. FILE holds one entry in JSON, as gcloud
logging read or a sink writes it; - is standard input. It is first read as serve reads
it, and what it says is printed; without --to and --topic that is all.

rescind cannot tell it from a real one. Live state decides, as always: what is really
so and violates a policy is reverted, or asked about.

Flags:
  --to URL          post it there, such as https://rescind.example.com/events, with a
                    token of push.service_account for push.audience. You have to be
                    allowed to impersonate that account
  --config FILE     configuration of that rescind (required with --to)
  --topic TOPIC     publish it to projects/P/topics/T instead
  --now             give it a new insertId and the time of now, so that it is neither
                    a redelivery nor stale
  --log-format FORM text or json (default text)

Example:
  rescind event push --config rescind.yaml --to https://rescind.example.com/events --now entry.json

Exit status: 0 taken, 1 not taken or no change, 2 on wrong usage.
`

func eventCommand() command {
	cmds := []command{{name: "push", summary: "send one log entry to a rescind that serves", usage: eventPushUsage, run: runEventPush}}
	return group("event", "send a test event", "rescind event push --topic projects/ops/topics/rescind-events --now entry.json", cmds)
}

func runEventPush(ctx context.Context, env environment, args []string) error {
	f := newFlags("event push")
	path, to, topic, now := f.String("config", "", ""), f.String("to", "", ""), f.String("topic", "", ""), f.Bool("now", false, "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return usagef("want one FILE, or - for standard input, not %d", len(operands))
	case *to != "" && *topic != "":
		return usagef("--to and --topic are two ways of sending it: give one")
	case *to != "" && *path == "":
		return usagef("--to needs --config, which says whose token is taken there")
	case *topic != "" && google.CheckTopic(*topic) != nil:
		return usagef("--topic: %s", google.CheckTopic(*topic))
	}
	entry, err := readEntry(env, operands[0])
	if err != nil {
		return err
	}
	if *now {
		if entry, err = testevent.Renew(entry, time.Now()); err != nil {
			return err
		}
	}
	if err := look(env.stdout, entry); err != nil {
		return err
	}
	switch {
	case *topic != "":
		return publishEvent(ctx, env, *topic, entry)
	case *to != "":
		c, err := config.Load(*path)
		if err != nil {
			return err
		}
		return postEvent(ctx, env, c, *to, entry)
	}
	_, err = fmt.Fprintln(env.stdout, "\nnothing was sent: --to or --topic says where to")
	return err
}

// readEntry reads the entry in the file, or on standard input.
func readEntry(env environment, name string) (json.RawMessage, error) {
	in := env.stdin
	if name != "-" {
		f, err := os.Open(name) //nolint:gosec // opening the file named on the command line is what it is for
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	entry, err := testevent.Read(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return entry, nil
}

// look says what the entry is to rescind, or why it is nothing to it.
func look(w io.Writer, entry []byte) error {
	c, err := auditlog.Decode(entry)
	if err != nil {
		return fmt.Errorf("the entry would come to nothing: %w", err)
	}
	p := &printer{w: w}
	p.line(0, "change:    %s of %s", c.Method, c.Service)
	p.line(0, "resource:  %s", c.Resource)
	p.line(0, "actor:     %s", dash(c.Actor.Principal))
	p.line(0, "time:      %s", clock(c.Time))
	p.line(0, "insert id: %s", dash(c.InsertID))
	for _, d := range c.Deltas {
		p.line(0, "%-10s %s", string(d.Action)+":", d.Grant)
	}
	for _, u := range c.Unread {
		p.line(0, "left open: %s: %s", u.Field, u.Why)
	}
	return p.err
}
