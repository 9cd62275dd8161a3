// Package build says which rescind this is: what the Go command wrote into the
// program when it was built. `rescind version`, the log of serve and the ledger
// all say it from here, so that the three can be compared.
package build

import (
	"cmp"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// Info is what a program knows of its own making. What was not written down is
// empty, and Modified is nil: a build from an archive, or by `go run`, has no commit.
type Info struct {
	Version  string `json:"version"`            // of the module, "unknown" where the Go command wrote none
	Commit   string `json:"commit,omitempty"`   // all of it
	Time     string `json:"time,omitempty"`     // of the commit, RFC 3339
	Modified *bool  `json:"modified,omitempty"` // whether files differed from the commit
	Go       string `json:"go"`                 // of the compiler
	Platform string `json:"platform"`           // such as linux/amd64
}

// Read returns that of the running program.
func Read() Info {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return Of(&debug.BuildInfo{})
	}
	return Of(info)
}

// Of is what the Go command wrote down of a program; where it says nothing of the
// compiler and the platform, those of the running program.
func Of(b *debug.BuildInfo) Info {
	i := Info{Version: cmp.Or(b.Main.Version, "unknown"), Go: cmp.Or(b.GoVersion, runtime.Version())}
	goos, goarch := runtime.GOOS, runtime.GOARCH
	for _, s := range b.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.time":
			i.Time = s.Value
		case "vcs.modified":
			modified := s.Value == "true"
			i.Modified = &modified
		case "GOOS":
			goos = s.Value
		case "GOARCH":
			goarch = s.Value
		}
	}
	i.Platform = goos + "/" + goarch
	return i
}

// State is the commit and whether what was built is what it holds, in words.
func (i Info) State() string {
	switch {
	case i.Commit == "":
		return "unknown: not built from a repository, or by go run"
	case i.Modified == nil:
		return i.Commit + ", unknown whether with changes"
	case *i.Modified:
		return i.Commit + ", with changes that are not committed"
	}
	return i.Commit
}

// String is all of it in one line, as the ledger has it.
func (i Info) String() string {
	return "rescind " + i.Version + ", commit " + i.State() + ", " + i.Go + " " + i.Platform
}

// LogValue is all of it as a group.
func (i Info) LogValue() slog.Value {
	return slog.GroupValue(slog.String("version", i.Version), slog.String("commit", i.State()),
		slog.String("go", i.Go), slog.String("platform", i.Platform))
}
