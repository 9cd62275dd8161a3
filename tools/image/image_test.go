package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// made is an image that run wrote, and what it printed.
func made(t *testing.T) (dir, digest string) {
	t.Helper()
	dir = t.TempDir()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"--source", "../..", "--out", dir, "--arch", runtime.GOARCH}, &out); err != nil {
		t.Fatal(err)
	}
	return dir, strings.TrimSpace(out.String())
}

// read returns the one image of the layout and the files in it.
func read(t *testing.T, dir, digest string) (v1.Image, map[string]*tar.Header, map[string][]byte) {
	t.Helper()
	index, err := layout.ImageIndexFromPath(filepath.Join(dir, "image"))
	if err != nil {
		t.Fatal(err)
	}
	h, err := v1.NewHash(digest)
	if err != nil {
		t.Fatal(err)
	}
	img, err := index.Image(h)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := img.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	r, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	headers, bodies := map[string]*tar.Header{}, map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return img, headers, bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		headers[h.Name] = h
		if bodies[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheImageIsTheSameTwiceAndRunsAsNobody(t *testing.T) {
	one, digest := made(t)
	two, again := made(t)
	if digest != again {
		t.Errorf("built twice, %s and %s", digest, again)
	}
	for _, name := range []string{"rescind.spdx.json", "rescind.provenance.json", "image/index.json"} {
		a, err := os.ReadFile(filepath.Join(one, name))
		b, err2 := os.ReadFile(filepath.Join(two, name))
		if err != nil || err2 != nil || !bytes.Equal(a, b) {
			t.Errorf("%s differs, or is not there: %v, %v", name, err, err2)
		}
	}

	img, headers, files := read(t, one, digest)
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.Config.User != "65532:65532" || c.OS != "linux" || c.Architecture != runtime.GOARCH || len(c.Config.Entrypoint) != 1 {
		t.Errorf("config %+v", c.Config)
	}
	commit, err := exec.CommandContext(t.Context(), "git", "-C", "../..", "rev-parse", "HEAD").Output()
	if err != nil || c.Config.Labels["org.opencontainers.image.revision"] != strings.TrimSpace(string(commit)) {
		t.Errorf("labels %v, and the commit is %s, %v", c.Config.Labels, commit, err)
	}
	for name, h := range headers {
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 0 || h.Mode&0o6022 != 0 && name != "tmp/" {
			t.Errorf("%s: owner %d:%d, mode %o, time %v", name, h.Uid, h.Gid, h.Mode, h.ModTime)
		}
	}
	if len(files) != 4 {
		t.Errorf("%d files, want the program, the certificates, the users and /tmp", len(files))
	}
	if roots := x509.NewCertPool(); !roots.AppendCertsFromPEM(files[bundlePath]) {
		t.Error("the bundle holds no certificate")
	}
	runs(t, strings.TrimPrefix(c.Config.Entrypoint[0], "/"), files, strings.TrimSpace(string(commit)))
	isDescribed(t, one, digest, strings.TrimSpace(string(commit)))
}

// runs starts the program of the image, and nothing of this machine tells what it is.
func runs(t *testing.T, entrypoint string, files map[string][]byte, commit string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rescind")
	if err := os.WriteFile(program, files[entrypoint], 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "version", "--format", "json")
	cmd.Env = []string{}
	out, err := cmd.Output()
	var said struct {
		Commit   string
		Modified *bool
	}
	if err != nil || json.Unmarshal(out, &said) != nil || said.Commit != commit || said.Modified == nil || *said.Modified {
		t.Errorf("rescind version in the image: %v\n%s", err, out)
	}
	home, err := filepath.Abs("../..")
	if err != nil || bytes.Contains(files[entrypoint], []byte(home+"/")) {
		t.Errorf("the program holds a path of this machine, %v", err)
	}
}

func isDescribed(t *testing.T, dir, digest, commit string) {
	t.Helper()
	hex := strings.TrimPrefix(digest, "sha256:")
	var sbom document
	parse(t, filepath.Join(dir, "rescind.spdx.json"), &sbom)
	ids := map[string]bool{sbom.ID: true}
	names := map[string]bool{}
	for _, p := range sbom.Packages {
		if ids[p.ID] {
			t.Errorf("the id %s is given twice", p.ID)
		}
		ids[p.ID], names[p.Name] = true, true
	}
	for _, r := range sbom.Relationships {
		if !ids[r.Element] || !ids[r.Related] {
			t.Errorf("%+v is about what is not there", r)
		}
	}
	for _, want := range []string{"rescind", "github.com/rescind-dev/rescind", "std", "cel.dev/cel-go", "go.etcd.io/bbolt", "golang.org/x/crypto/x509roots/fallback"} {
		if !names[want] {
			t.Errorf("the SBOM does not list %s", want)
		}
	}
	if names["github.com/google/go-cmp"] {
		t.Error("the SBOM lists what only tests need")
	}
	if p := sbom.Packages[0]; len(p.Checksums) != 1 || p.Checksums[0].Value != hex {
		t.Errorf("the SBOM is about %+v, want %s", p, hex)
	}
	var s statement
	parse(t, filepath.Join(dir, "rescind.provenance.json"), &s)
	if s.Type != "https://in-toto.io/Statement/v1" || s.Subject[0].Digest["sha256"] != hex || s.Predicate.Definition.Dependencies[0].Digest["gitCommit"] != commit {
		t.Errorf("the provenance is of %+v, made from %+v", s.Subject, s.Predicate.Definition.Dependencies[0])
	}
}

func parse(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// Those who build with Docker or ko get the same program, as nobody.
func TestTheOtherWaysToBuildHoldTheSameFlags(t *testing.T) {
	for name, want := range map[string][]string{
		"Dockerfile": {"CGO_ENABLED=0", "-trimpath -buildvcs=true \"-ldflags=-s -w -buildid=\"", "\nFROM scratch\n", "\nUSER " + nobody + "\n", `ENTRYPOINT ["/` + programPath + `"]`, "/" + bundlePath + " /" + bundlePath},
		".ko.yaml":   {"CGO_ENABLED=0", "flags: [-trimpath, -buildvcs=true]", "ldflags: [-s, -w, -buildid=]", "main: ./cmd/rescind"},
	} {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s has no %q", name, w)
			}
		}
	}
}

func TestAnotherDirectoryIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeLayout(dir, nil); err == nil || !strings.Contains(err.Error(), "holds something else than an image") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "thesis.txt")); err != nil {
		t.Error(err)
	}
}
