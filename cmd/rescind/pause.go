package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/desk"
)

const pauseUsage = `Usage: rescind pause --config FILE --reason TEXT [flags]

Stops rescind from writing anything to Google Cloud, for a time. It goes on
judging, asking and recording; approved reverts and undos wait. Every channel
that is routed to is told, also when the pause ends. A pause during a pause
replaces it.

Who you are is asked of Google, with your application default credentials; you
have to be among approvals.approvers.

Flags:
  --config FILE      configuration of the rescind to pause (required)
  --reason TEXT      why (required)
  --for D            how long, 24h at most (default 24h)
  --format FORM      table, or json for the pause as it is stored (default table)
  --log-format FORM  text or json (default text)

Example:
  rescind pause --config rescind.yaml --reason 'restoring from the backup' --for 4h

Exit status: 0 when it is paused, 1 when it is refused or fails, 2 on wrong
usage.
`

const resumeUsage = `Usage: rescind resume --config FILE [flags]

Ends a pause. What waited is carried out; an automatic revert whose change is by
then older than guardrails.max_event_age is asked about instead.

Who you are is asked of Google, with your application default credentials; you
have to be among approvals.approvers.

Flags:
  --config FILE      configuration of the rescind that is paused (required)
  --reason TEXT      why
  --format FORM      table, or json for the pause as it is stored (default table)
  --log-format FORM  text or json (default text)

Example:
  rescind resume --config rescind.yaml --reason 'the restore is done'

Exit status: 0 when it works again, 1 when it is refused or fails, 2 on wrong
usage.
`

func pauseCommand() command {
	return command{name: "pause", summary: "stop all writes to Google Cloud for a time", usage: pauseUsage, run: func(ctx context.Context, env environment, args []string) error {
		f := newFlags("pause")
		duration := f.Duration("for", 24*time.Hour, "")
		return runSwitch(ctx, env, f, args, true, func(d desk.Desk, who, reason string) (desk.Pause, error) {
			return d.Pause(ctx, who, via, reason, *duration)
		})
	}}
}

func resumeCommand() command {
	return command{name: "resume", summary: "end a pause", usage: resumeUsage, run: func(ctx context.Context, env environment, args []string) error {
		return runSwitch(ctx, env, newFlags("resume"), args, false, func(d desk.Desk, who, reason string) (desk.Pause, error) {
			return d.Resume(ctx, who, via, reason)
		})
	}}
}

// runSwitch reads the flags that both commands have, and sets the switch as the
// caller.
func runSwitch(ctx context.Context, env environment, f *flags, args []string, needsReason bool,
	set func(d desk.Desk, who, reason string) (desk.Pause, error)) error {
	path := f.String("config", "", "")
	reason := f.String("reason", "", "")
	format := formatFlag(f)
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("unexpected argument %q", operands[0])
	case needsReason && *reason == "":
		return usagef("--reason is missing")
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	return f.toDecide(ctx, env, *path, func(arc archive) error {
		who, err := arc.caller(ctx)
		if err != nil {
			return err
		}
		p, err := set(arc.desk(), who, *reason)
		if err != nil {
			return err
		}
		if *format == "json" {
			return terminal.WriteJSON(env.stdout, p)
		}
		_, err = fmt.Fprintln(env.stdout, terminal.OneLine(p.String()))
		return err
	})
}
