package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/notify/slack/manifest"
)

const slackManifestUsage = `Usage: rescind slack manifest --config FILE [flags]

Prints the manifest of the Slack app for this configuration: where Slack posts, or
Socket Mode, and the scopes that it needs. Paste it at https://api.slack.com/apps,
"From a manifest". It asks nobody: the slack part of the file may still be missing.

Flags:
  --config FILE     configuration, see docs/config.md (required)
  --url URL         where Slack reaches rescind, https://HOST: the address of the
                    role slack where that is a service of its own (default base_url,
                    unless answers_topic says that there are several)
  --log-format FORM text or json (default text)

Example:
  rescind slack manifest --config rescind.yaml --url https://rescind-slack.example.com

Exit status: 0, 1 on failure, 2 on wrong usage.
`

func slackCommand() command {
	cmds := []command{{name: "manifest", summary: "print the Slack app's manifest for a configuration", usage: slackManifestUsage, run: runSlackManifest}}
	return group("slack", "set the Slack app up", "rescind slack manifest --config rescind.yaml --url https://rescind-slack.example.com", cmds)
}

func runSlackManifest(_ context.Context, env environment, args []string) error {
	f := newFlags("slack manifest")
	path, origin := f.String("config", "", ""), f.String("url", "", "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("unexpected argument %q", operands[0])
	case *path == "":
		return usagef("--config is missing")
	}
	if *origin != "" {
		if err := manifest.CheckOrigin(*origin); err != nil {
			return usagef("--url: %s", err)
		}
	}
	c, err := config.Load(*path)
	if err != nil {
		return err
	}
	o, err := manifestOptions(c, *origin)
	if err != nil {
		return err
	}
	if !o.Socket && *origin == "" {
		terminal.Say(env.stderr, "Slack is to post to base_url, %s: what asks people for a login there (IAP) has to let /slack/ through; --url names another address", o.Origin)
	}
	out, err := manifest.Render(o)
	if err != nil {
		return err
	}
	_, err = env.stdout.Write(out)
	return err
}

// manifestOptions are what of the configuration the app depends on.
func manifestOptions(c config.Config, origin string) (manifest.Options, error) {
	o := manifest.Options{Origin: origin, Socket: c.Slack.Mode == "socket", Usergroups: len(c.Approvals.Approvers.SlackUsergroups) > 0}
	switch {
	case o.Socket && origin != "":
		return o, errors.New("slack.mode is socket, with which Slack posts nowhere: leave --url out, or set slack.mode to http")
	case o.Socket || origin != "":
		return o, nil
	case c.AnswersTopic != "":
		return o, errors.New("answers_topic is set, so Slack reaches a service of its own, whose address is not in the configuration: name it by --url https://HOST")
	case c.BaseURL == "":
		return o, errors.New("nothing in the configuration says where Slack reaches rescind: name it by --url https://HOST, or set slack.mode to socket")
	}
	o.Origin = c.BaseURL
	if err := manifest.CheckOrigin(o.Origin); err != nil {
		return o, fmt.Errorf("base_url %w: name where Slack reaches rescind by --url https://HOST", err)
	}
	return o, nil
}
