// Command rescind reverts risky Cloud Run and IAM changes seconds after they
// happen, or asks a person first.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], environment{
		lookup: os.LookupEnv,
		stdin:  os.Stdin,
		stdout: os.Stdout,
		stderr: os.Stderr,
	})
	stop()
	os.Exit(code)
}

// commands lists the subcommands in the order the overview shows them.
func commands() []command {
	return []command{
		demoCommand(),
		serveCommand(),
		replayCommand(),
		scanCommand(),
		policyCommand(),
		findingsCommand(),
		auditCommand(),
		storeCommand(),
		pauseCommand(),
		resumeCommand(),
		slackCommand(),
		eventCommand(),
		versionCommand(),
	}
}

// run finds the command, runs it and returns the exit code.
func run(ctx context.Context, args []string, env environment) int {
	if len(args) > 0 && args[0] == "--version" {
		args = append([]string{"version"}, args[1:]...)
	}
	return dispatch(ctx, "rescind", commands(), args, env)
}
