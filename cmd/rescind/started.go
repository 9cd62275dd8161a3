package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// started records in the ledger what this process runs: which rescind, with
// which policies and which configuration, each by its digest, with all that a
// file leaves out. A policy that is made weaker shows there, whoever did it.
func (a *app) started(ctx context.Context, c config) {
	a.Ledger.Note(ctx, trail.Record{Kind: trail.Started, Who: a.Self, Via: "serve",
		What: fmt.Sprintf("%s, policies %s, configuration %s", build(), digest(a.policies.Policies()), digest(c))})
}

// build is the version of this rescind, as the Go command wrote it down.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "rescind of an unknown version"
	}
	out := "rescind " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" || s.Key == "vcs.modified" && s.Value == "true" {
			out += " " + s.Key + "=" + s.Value
		}
	}
	return out
}

// digest is that of a value as JSON. A configuration names its secrets and does
// not hold them.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "unknown: " + err.Error()
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
