// Package infra holds the files that an installation begins with, so that the
// program can fill them in: those who install it need no clone.
package infra

import _ "embed"

//go:embed slack-manifest.yaml
var slackManifest []byte

// SlackManifest returns a copy of slack-manifest.yaml: the Slack app, with every
// scope that rescind can need and URLs at rescind.example.com.
func SlackManifest() []byte { return append([]byte(nil), slackManifest...) }
