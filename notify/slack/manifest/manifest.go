// Package manifest fills in the manifest of the Slack app: where Slack reaches
// rescind, or that it is to use Socket Mode, and the scopes that this
// installation needs. What it leaves alone is as the template has it, comments
// included, so that whoever clicks "Create" can read what they allow.
package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/infra"
	"github.com/rescind-dev/rescind/notify/slack"
)

// Options are what of an installation the app depends on.
type Options struct {
	// Origin is where Slack reaches rescind, "https://HOST"; it has to be empty
	// with Socket.
	Origin string
	// Socket has rescind open the connection: then there is no URL.
	Socket bool
	// Usergroups says that there are user groups of approvers.
	Usergroups bool
}

// CheckOrigin says what is wrong with the address, or nil. Slack posts to public
// addresses by TLS alone, and the paths below it are rescind's.
func CheckOrigin(origin string) error {
	u, err := url.Parse(origin)
	switch {
	case err != nil:
		return errors.New("it is no URL: want https://HOST")
	case u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("%q is not https://HOST, and Slack posts nowhere else", origin)
	case strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789-.:[]") != "":
		return fmt.Errorf("the host of %q has other characters than a host name: write it as DNS has it", origin)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Path != "":
		return fmt.Errorf("%q has more than https://HOST: the paths below it are rescind's own", origin)
	}
	return nil
}

// Scopes are those of the bot that an installation needs, sorted.
func Scopes(o Options) []string {
	scopes := []string{"chat:write", "commands", "im:write", "users:read", "users:read.email"}
	if o.Usergroups {
		scopes = append(scopes, "usergroups:read")
	}
	slices.Sort(scopes)
	return scopes
}

// Render returns the manifest, as Slack takes it.
func Render(o Options) ([]byte, error) {
	if o.Socket == (o.Origin != "") {
		return nil, errors.New("slack manifest: it has an address, or uses Socket Mode, and never both")
	}
	if !o.Socket {
		if err := CheckOrigin(o.Origin); err != nil {
			return nil, fmt.Errorf("slack manifest: the address: %w", err)
		}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(infra.SlackManifest(), &doc); err != nil {
		return nil, fmt.Errorf("slack manifest: its template: %w", err)
	}
	e := &editor{}
	e.fill(&doc, o)
	if e.err != nil {
		return nil, fmt.Errorf("slack manifest: its template %w", e.err)
	}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&doc), enc.Close()); err != nil {
		return nil, fmt.Errorf("slack manifest: %w", err)
	}
	return out.Bytes(), nil
}

func (e *editor) fill(doc *yaml.Node, o Options) {
	root := e.begin(doc, heading(o))
	command := e.first(e.at(root, "features", "slash_commands"))
	events, clicks := e.at(root, "settings", "event_subscriptions"), e.at(root, "settings", "interactivity")
	for _, reached := range []struct {
		in        *yaml.Node
		key, path string
	}{
		{command, "url", slack.CommandsPath}, {events, "request_url", slack.EventsPath}, {clicks, "request_url", slack.InteractionsPath},
	} {
		if o.Socket {
			e.drop(reached.in, reached.key)
			continue
		}
		e.set(reached.in, reached.key, o.Origin+reached.path)
	}
	if o.Socket {
		e.set(e.at(root, "settings"), "socket_mode_enabled", "true")
	}
	e.keep(e.at(root, "oauth_config", "scopes", "bot"), Scopes(o))
}

func heading(o Options) string {
	how := "Slack posts to " + o.Origin + "."
	if o.Socket {
		how = "It uses Socket Mode: Slack posts nowhere, and an app-level token\n# with connections:write is needed as well."
	}
	return "# The Slack app of rescind, for https://api.slack.com/apps, \"From a manifest\".\n# " + how
}
