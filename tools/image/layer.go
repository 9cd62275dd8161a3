package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

const (
	programPath = "usr/local/bin/rescind"
	// bundlePath is where Go looks first on Linux.
	bundlePath = "etc/ssl/certs/ca-certificates.crt"
	// nobody is the user of distroless images, which hosts know as no root.
	nobody = "65532:65532"
)

// image is the program, the certificates that it trusts, and nothing to run beside.
func (p *program) image() (v1.Image, error) {
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files)), nil }, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	if img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{CreatedBy: "tools/image", Created: v1.Time{Time: p.made()}}}); err != nil {
		return nil, err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c = c.DeepCopy()
	c.OS, c.Architecture, c.Created = "linux", p.arch, v1.Time{Time: p.made()}
	c.Config = v1.Config{User: nobody, Entrypoint: []string{"/" + programPath}, WorkingDir: "/", Env: []string{"PATH=/usr/local/bin"}, Labels: p.labels()}
	return mutate.ConfigFile(img, c)
}

func (p *program) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":    "rescind",
		"org.opencontainers.image.source":   "https://" + p.info.Main.Path,
		"org.opencontainers.image.revision": p.commit(),
		"org.opencontainers.image.version":  p.info.Main.Version,
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
}

// files is the one layer. Owners, times and order are the same wherever it is made.
func (p *program) files() ([]byte, error) {
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, f := range []struct {
		name string
		mode int64
		body []byte
	}{
		{"etc/passwd", 0o644, []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")},
		{bundlePath, 0o644, certificates()},
		{programPath, 0o755, p.binary},
		{"tmp/", 0o1777, nil},
	} {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.body)), ModTime: time.Unix(0, 0), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if f.body == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := tw.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := tw.Write(f.body); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), tw.Close()
}

// certificates are the roots that Mozilla trusts, without those that it trusts only
// within limits which a bundle cannot say.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return out.Bytes()
}

// writeLayout replaces the layout in the directory. What is none it leaves alone.
func writeLayout(dir string, img v1.Image) error {
	_, err := os.Stat(filepath.Join(dir, "oci-layout"))
	switch {
	case err == nil:
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
			return fmt.Errorf("%s holds something else than an image: name another directory, or empty it", dir)
		}
	}
	l, err := layout.Write(dir, mutate.IndexMediaType(empty.Index, types.OCIImageIndex))
	if err != nil {
		return err
	}
	c, err := img.ConfigFile()
	if err != nil {
		return err
	}
	return l.AppendImage(img, layout.WithPlatform(v1.Platform{OS: c.OS, Architecture: c.Architecture}))
}
