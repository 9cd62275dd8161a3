// Command image builds the container image of rescind as an OCI layout, without a
// registry, a daemon or a base image, and writes beside it what is in it (SPDX) and
// what it was made from (SLSA provenance, not signed).
//
// The same commit and the same Go make the same bytes: times are the commit's,
// certificates come from a module that go.sum pins, and the program is built
// without the paths of this machine. It is a program of the tools module, so that
// none of what it needs is among the dependencies of rescind.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// run builds the image of the last commit at --source, and prints its digest.
func run(ctx context.Context, args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("image", flag.ContinueOnError)
	source, out := f.String("source", "..", "the repository whose last commit is built"), f.String("out", "../dist", "the directory that is written to")
	arch := f.String("arch", "amd64", "amd64 or arm64")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *arch != "amd64" && *arch != "arm64" {
		return fmt.Errorf("--arch is %q, want amd64 or arm64", *arch)
	}
	p, err := buildProgram(ctx, *source, *arch)
	if err != nil {
		return err
	}
	img, err := p.image()
	if err != nil {
		return fmt.Errorf("put the image together: %w", err)
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	if err := writeLayout(filepath.Join(*out, "image"), img); err != nil {
		return fmt.Errorf("write the image: %w", err)
	}
	sbom, err := p.sbom(digest.Hex)
	if err != nil {
		return fmt.Errorf("list what is in the image: %w", err)
	}
	if err := writeJSON(filepath.Join(*out, "rescind.spdx.json"), sbom); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(*out, "rescind.provenance.json"), p.provenance(digest.Hex)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(stdout, digest)
	return err
}
