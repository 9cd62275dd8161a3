package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strings"
	"time"
)

// document is an SPDX 2.3 document, as far as it says something here.
// https://spdx.github.io/spdx-spec/v2.3/
type document struct {
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	ID            string         `json:"SPDXID"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      creation       `json:"creationInfo"`
	Packages      []spdxPackage  `json:"packages"`
	Relationships []relationship `json:"relationships"`
}

type creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	Name      string      `json:"name"`
	ID        string      `json:"SPDXID"`
	Version   string      `json:"versionInfo"`
	Location  string      `json:"downloadLocation"`
	Analyzed  bool        `json:"filesAnalyzed"`
	Concluded string      `json:"licenseConcluded"`
	Declared  string      `json:"licenseDeclared"`
	Copyright string      `json:"copyrightText"`
	Comment   string      `json:"comment,omitempty"`
	Purpose   string      `json:"primaryPackagePurpose,omitempty"`
	Checksums []checksum  `json:"checksums,omitempty"`
	Refs      []reference `json:"externalRefs,omitempty"`
}

type checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type relationship struct {
	Element string `json:"spdxElementId"`
	Type    string `json:"relationshipType"`
	Related string `json:"relatedSpdxElement"`
}

const imageID = "SPDXRef-image"

// sbom lists what is in the image of that SHA-256: the modules that the Go command
// says were linked, which are fewer than those that go.mod names.
func (p *program) sbom(digest string) (document, error) {
	d := document{
		Version: "SPDX-2.3", License: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: "rescind",
		Namespace: "https://" + p.info.Main.Path + "/spdx/" + digest,
		Creation:  creation{Created: p.made().Format(time.RFC3339), Creators: []string{"Tool: " + p.info.Main.Path + "/tools/image"}},
	}
	image := unknown("rescind", imageID, p.info.Main.Version)
	image.Purpose, image.Checksums = "CONTAINER", []checksum{{"SHA256", digest}}
	d.Packages = append(d.Packages, image)
	d.relate(d.ID, "DESCRIBES", imageID)

	main := module(&p.info.Main)
	main.Declared, main.Comment = "Apache-2.0", "commit "+p.commit()
	d.Packages = append(d.Packages, main)
	d.relate(imageID, "CONTAINS", main.ID)
	std := module(&debug.Module{Path: "std", Version: strings.TrimPrefix(p.info.GoVersion, "go")})
	for _, dep := range append([]spdxPackage{std}, modules(p.info.Deps)...) {
		d.Packages = append(d.Packages, dep)
		d.relate(main.ID, "DEPENDS_ON", dep.ID)
	}
	roots, err := rootsModule()
	if err != nil {
		return document{}, err
	}
	bundled := module(roots)
	d.Packages = append(d.Packages, bundled)
	d.relate(imageID, "CONTAINS", bundled.ID)
	return d, nil
}

func (d *document) relate(from, how, to string) {
	d.Relationships = append(d.Relationships, relationship{from, how, to})
}

func modules(deps []*debug.Module) (out []spdxPackage) {
	for _, dep := range deps {
		out = append(out, module(cmp.Or(dep.Replace, dep)))
	}
	return out
}

// rootsModule is where the certificates come from. It is linked into this program,
// and the Go command says in which version.
func rootsModule() (*debug.Module, error) {
	const path = "golang.org/x/crypto/x509roots/fallback"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == path {
				return cmp.Or(dep.Replace, dep), nil
			}
		}
	}
	return nil, errors.New("this program does not know which version of " + path + " it holds")
}

var notInID = regexp.MustCompile(`[^a-zA-Z0-9.-]+`)

// module is a package of SPDX. Two paths that differ only in other characters than
// an id may have would be one: the version tells them apart, or nothing has to.
func module(m *debug.Module) spdxPackage {
	s := unknown(m.Path, "SPDXRef-"+notInID.ReplaceAllString(m.Path, "-")+"-"+notInID.ReplaceAllString(m.Version, "-"), m.Version)
	if m.Sum != "" {
		s.Comment = "go.sum: " + m.Sum
	}
	s.Refs = []reference{{"PACKAGE-MANAGER", "purl", fmt.Sprintf("pkg:golang/%s@%s", m.Path, strings.ReplaceAll(m.Version, "+", "%2B"))}}
	return s
}

// unknown is a package of which nobody here looked at the licence.
func unknown(name, id, version string) spdxPackage {
	const none = "NOASSERTION"
	return spdxPackage{Name: name, ID: id, Version: version, Location: none, Concluded: none, Declared: none, Copyright: none}
}
