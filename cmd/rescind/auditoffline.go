package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// verifyOffline checks an excerpt of the trail, "-" being standard input.
func verifyOffline(env environment, path string) (verified, error) {
	in, err := openInput(env, path)
	if err != nil {
		return verified{}, err
	}
	defer in.Close()
	x, err := readExcerpt(in)
	if err != nil {
		return verified{}, fmt.Errorf("read %s: %w", path, err)
	}
	return x.verify()
}

// excerpt is what `audit export` wrote.
type excerpt struct {
	scope   excerptScope
	roots   []trail.Root
	lines   map[string][]trail.Line // by chain
	records map[string]string
}

// readExcerpt reads one to its end: without its last line, or with lines that are not
// those counted there, it is none.
func readExcerpt(in io.Reader) (excerpt, error) {
	x := excerpt{lines: map[string][]trail.Line{}, records: map[string]string{}}
	sum, r, ended := sha256.New(), bufio.NewReader(in), false
	for n := 0; ; n++ {
		b, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(b) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return x, err
		}
		var l excerptLine
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return x, fmt.Errorf("line %d: %w", n+1, err)
		}
		if ended {
			return x, fmt.Errorf("line %d is after the end", n+1)
		}
		if ended = l.End != nil; ended && (l.End.Lines != n || l.End.SHA256 != hex.EncodeToString(sum.Sum(nil))) {
			return x, fmt.Errorf("its last line counts %d lines of another hash: some are missing or were changed", l.End.Lines)
		}
		if err := x.take(n, l); err != nil {
			return x, fmt.Errorf("line %d: %w", n+1, err)
		}
		sum.Write(b)
	}
	if !ended {
		return x, errors.New("it was cut off: its last line is missing")
	}
	return x, nil
}

// take takes in the line after the first n.
func (x *excerpt) take(n int, l excerptLine) error {
	if (n == 0) != (l.Export != nil) {
		return errors.New("want what the excerpt is of in the first line, and nowhere else")
	}
	switch {
	case l.Export != nil:
		x.scope = *l.Export
		if x.scope.Version != excerptVersion {
			return fmt.Errorf("the excerpt has version %d, this rescind reads %d", x.scope.Version, excerptVersion)
		}
	case l.Root != nil:
		x.roots = append(x.roots, *l.Root)
	case l.Line != nil:
		x.lines[l.Line.Chain] = append(x.lines[l.Line.Chain], *l.Line)
	case l.Record != nil:
		x.records[l.Record.Finding] = l.Record.Sealed
	case l.End == nil:
		return errors.New("it says nothing")
	}
	return nil
}

func (x excerpt) verify() (verified, error) {
	held, err := trail.Holding(x.roots)
	errs := []error{trail.VerifyRoots(x.roots), err}
	v := verified{Roots: len(x.roots), CoveredUntil: held.Until}
	for _, chain := range slices.Sorted(maps.Keys(x.lines)) {
		lines, h := x.lines[chain], held.Heads[chain]
		if day, ok := strings.CutPrefix(chain, "ledger/"); ok {
			v.Entries += len(lines)
			v.YoungerRecords += max(0, len(lines)-h.N)
			errs = append(errs, verifyDayOf(day, lines, h))
			continue
		}
		v.Findings++
		v.Events += len(lines)
		v.YoungerEvents += max(0, len(lines)-h.N)
		if lines[len(lines)-1].Hash == "" {
			v.Unchained++
		}
		errs = append(errs, x.verifyFinding(strings.TrimPrefix(chain, "finding/"), lines, h))
	}
	errs = append(errs, x.missing(held))
	err = errors.Join(errs...)
	v.Whole = err == nil
	return v, err
}

func verifyDayOf(day string, lines []trail.Line, h trail.Head) error {
	var records []trail.Record
	for _, l := range lines {
		r := l.Record(day)
		if r.Line() != l {
			return fmt.Errorf("%s says what no record does", l.Place())
		}
		records = append(records, r)
	}
	return trail.VerifyDay(day, records, h)
}

// verifyFinding checks the trail, and the record against what its last event sealed.
func (x excerpt) verifyFinding(id string, lines []trail.Line, h trail.Head) error {
	sealed, ok := x.records[id]
	var record struct {
		ID       string      `json:"id"`
		State    state.State `json:"state"`
		Policy   string      `json:"policy"`
		Resource string      `json:"resource"`
	}
	if !ok || json.Unmarshal([]byte(sealed), &record) != nil || record.ID != id {
		return fmt.Errorf("the record of finding %s is missing", id)
	}
	var t trail.Timeline
	for _, l := range lines {
		if l.Finding != id || l.Policy != record.Policy || l.Resource != record.Resource || l.Class != "" || l.Count != 0 {
			return fmt.Errorf("%s is not of the policy and resource that the record names", l.Place())
		}
		t = append(t, l.Event())
	}
	if err := errors.Join(t.Verify(id, record.State), t.Holds(id, h)); err != nil {
		return err
	}
	if seal := t.Seal(); seal != "" && seal != finding.SealOf([]byte(sealed)) {
		return fmt.Errorf("the record of finding %s is not as event %d left it", id, len(t))
	}
	return nil
}

// missing names the chains that a root holds and the excerpt does not.
func (x excerpt) missing(held trail.Coverage) error {
	var errs []error
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		_, there := x.lines[chain]
		if there || h.N == 0 || h.MayBeGone(x.scope.At) || x.scope.Finding != "" && h.Finding() != x.scope.Finding {
			continue
		}
		errs = append(errs, fmt.Errorf("a root holds %s, and it is not in the excerpt", h))
	}
	return errors.Join(errs...)
}
