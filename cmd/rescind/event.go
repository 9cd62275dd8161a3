package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/functions"
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
		if entry, err = renewed(entry, time.Now()); err != nil {
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

// readEntry reads one JSON object. No error repeats what is in it.
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
	b, err := io.ReadAll(io.LimitReader(in, functions.DefaultMaxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", name, err)
	case len(b) > functions.DefaultMaxBody:
		return nil, fmt.Errorf("read %s: it has more than %d bytes, and no event is larger", name, functions.DefaultMaxBody)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	var entry json.RawMessage
	if err := dec.Decode(&entry); err != nil {
		return nil, fmt.Errorf("read %s: it is not JSON: want one log entry", name)
	}
	var list []json.RawMessage // as gcloud writes it
	if json.Unmarshal(entry, &list) == nil {
		if len(list) != 1 {
			return nil, fmt.Errorf("read %s: it is a list of %d: want one log entry", name, len(list))
		}
		entry = list[0]
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: there is something after the first entry: want one alone, such as head -n 1 of JSON Lines", name)
	}
	return entry, nil
}

// renewed is the entry as if it had been logged now; all else is as it was.
func renewed(entry json.RawMessage, now time.Time) (json.RawMessage, error) {
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(entry, &keys); err != nil || keys == nil {
		return nil, errors.New("the entry is no JSON object")
	}
	for key, value := range map[string]string{
		"insertId": "rescind-test-" + rand.Text(), "timestamp": now.UTC().Format(time.RFC3339Nano), "receiveTimestamp": now.UTC().Format(time.RFC3339Nano),
	} {
		b, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		keys[key] = b
	}
	return json.Marshal(keys)
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
